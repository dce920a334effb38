"""Runs a command and writes down what it and all that it started have cost.

    python measure.py OUTPUT SECONDS COMMAND...

OUTPUT becomes a JSON object. On Linux, what a process leaves behind is counted as well: this
process adopts it.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

INTERVAL = 1.0  # seconds between looks at the memory, which cost the tree some time
PR_SET_CHILD_SUBREAPER = 36
PROC = Path("/proc")


def main(output: str, limit: str, command: list[str]) -> int:
    """Run the command.

    Returns:
        Its exit code.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, lambda *_: _kill(os.getpid()))
    signal.alarm(int(limit))
    start = time.monotonic()
    process = subprocess.Popen(command)
    peak = Peak(os.getpid())
    wall, code, cpu, main_peak, ended = 0.0, 1, 0.0, 0, 0.0
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            break
        cpu += usage.ru_utime + usage.ru_stime
        if pid == process.pid:
            wall, ended = time.monotonic() - start, time.time()
            code = process.returncode = os.waitstatus_to_exitcode(status)
            main_peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    cost = {"wall": wall, "cpu": cpu, "memory": peak.close(), "main_memory": main_peak}
    cost["ended"] = ended
    Path(output).write_text(json.dumps({"code": code, **cost}), encoding="utf-8")
    return code


class Peak:
    """The largest sum of the memory of all descendants of a process, looked at now and then.

    Memory that processes share counts once (Linux's "proportional set size").
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._highest: int | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        if PROC.is_dir():
            self._thread.start()

    def close(self) -> int | None:
        """Return the bytes, None where the system does not tell."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        return self._highest

    def _look(self) -> None:
        while not self._end.wait(INTERVAL):
            now = sum(map(_proportional, descendants(self._root)))
            self._highest = max(self._highest or 0, now)


def descendants(root: int) -> Iterator[int]:
    """All processes below a process, where the system has /proc."""
    children: dict[int, list[int]] = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has ended
        parent = int(fields.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(folder.name))
    waiting = [root]
    while waiting:
        found = children.get(waiting.pop(), [])
        yield from found
        waiting += found


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process so far, where the system has /proc."""
    fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    user, system = fields.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _proportional(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _kill(root: int) -> None:
    for pid in descendants(root):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
