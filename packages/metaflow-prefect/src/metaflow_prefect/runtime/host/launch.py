"""Start the processes of steps: forked from the warm process, or fresh ones."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ..channel import Channel
from .inherited import known_repository
from .script import FlowStart
from .triggers import known_triggers
from .warm import WarmServer

# Variables that Python or the loader read when a process starts; Metaflow reads its
# own when it is imported. A step that gets other values needs a fresh process.
START_UP_VARIABLES = (
    *("PYTHON", "LD_", "DYLD_", "METAFLOW_"),
    *("LC_", "LANG", "MALLOC_", "GLIBC_TUNABLES", "HOME"),
)
# What numeric libraries read when they are imported, which `--preload` does early.
LIBRARY_VARIABLES = ("OMP_", "OPENBLAS_", "MKL_", "NUMEXPR_", "CUDA_")
PER_STEP_VARIABLES = frozenset({"PYTHONUNBUFFERED", "METAFLOW_RUN_ID"})
STARTS = 3  # of the warm process, for one step
LONGEST_ARGUMENT = 100_000  # bytes; the kernel refuses one of 128 KiB


class StepProcess:
    """A started step process, with what Metaflow's `Worker` uses of a `Popen`."""

    def __init__(self, stdout: int, stderr: int, report: int) -> None:
        self.stdout: BinaryIO = open(stdout, "rb", buffering=0)  # noqa: SIM115
        self.stderr: BinaryIO = open(stderr, "rb", buffering=0)  # noqa: SIM115
        self.report: BinaryIO = open(report, "rb", buffering=0)  # noqa: SIM115
        self.returncode: int | None = None
        self.pid = 0

    def is_started(self) -> bool:
        """Wait for word of the process; return whether there is any."""
        line = self.report.readline()
        self.pid = int(line or 0)
        return bool(line)

    def poll(self) -> int | None:
        """Return the exit code, or `None` while the process runs."""
        return self.returncode

    def wait(self) -> int:
        """Wait for the process to end and return its exit code.

        A process whose launcher died was killed with it; what it had started is
        killed here.
        """
        if self.returncode is None:
            line = self.report.readline().strip()
            if not line:
                self.kill()
            self.returncode = int(line) if line else -signal.SIGKILL
        return self.returncode

    def signal_group(self, number: int) -> None:
        """Send a signal to the process and all that it has started.

        What it has started may still be there when it has ended itself.
        """
        if self.pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def started(self) -> set[tuple[int, str]]:
        """Return what this process has started: ids and start times (on Linux)."""
        known = running_processes()
        found = {pid for pid, (_, group, _) in known.items() if group == self.pid}
        newest = {self.pid}
        while newest:
            newest = {pid for pid, facts in known.items() if facts[0] in newest} - found
            found |= newest
        return {(pid, known[pid][2]) for pid in found - {self.pid}}

    def kill(self) -> None:
        """Kill the process and all that it has started."""
        self.signal_group(signal.SIGKILL)

    def close(self) -> None:
        """Close this side's files."""
        for file in (self.stdout, self.stderr, self.report):
            file.close()


def running_processes() -> dict[int, tuple[int, int, str]]:
    """Return for each process its parent, its group and when it started (on Linux)."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = file.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        found[int(file.parent.name)] = (int(words[1]), int(words[2]), words[19])
    return found


class Launcher:
    """Starts step processes through a warm process, which it replaces if it dies.

    Args:
        owned: What the warm process must not hold: this process's own sockets.
        folder: Where extensions of Metaflow are besides the usual places; may be none.
    """

    def __init__(self, *, owned: Sequence[Channel], folder: Sequence[str]) -> None:
        self._warm = True
        self._folder = folder
        self.choice = "Steps are forked from a warm process, where they can be."
        self.flow: str | None = None
        self._preload: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._environment = dict(os.environ)
        self._compare(START_UP_VARIABLES)
        # Metaflow's steps have an open standard input that never delivers anything.
        self._stdin, self._stdin_source = os.pipe()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._server = self._fork_server(owned)

    def forbid_warm(self, reason: str) -> None:
        """Start every further step in a fresh process."""
        self._warm = False
        self.choice = f"Steps are started in fresh processes, {reason}."

    def preload(self, modules: Sequence[str], folder: str) -> None:
        """Have the warm process import modules that all steps then have already.

        Args:
            modules: Their names.
            folder: The folder of the flow, where they are looked for first.
        """
        self._preload = {"preload": list(modules), "folder": folder}
        self._compare(START_UP_VARIABLES + LIBRARY_VARIABLES)
        with contextlib.suppress(OSError):  # the one that replaces it is told again
            self._server.send(self._preload)

    def start(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> StepProcess:
        """Start a process as `subprocess.Popen(command, env=environment)` would.

        Args:
            command: The program and its arguments.
            environment: All environment variables of the process.

        Returns:
            The process; what it writes is in its `stdout` and `stderr`.
        """
        warm = self._warm and self._may_be_warm(command, environment)
        request = {
            "command": list(command) if warm else self._fresh(command),
            "environment": dict(environment),
            "folder": str(Path.cwd()),
            "warm": warm,
            "shared": _place_of_step(command),
            "flow": self.flow,
            "repository": known_repository(),
        }
        for _ in range(STARTS):
            server = self._server
            process = self._ask(server, request)
            if process is not None:
                return process
            with self._lock:
                if self._server is server:  # nobody else has replaced it
                    server.end()
                    server.close()
                    self._server = self._spawn_server()
        raise OSError("The process that starts the steps keeps dying.")

    def _ask(self, server: Channel, request: Mapping[str, Any]) -> StepProcess | None:
        """Have a process started; return none if the warm process is dead or dying."""
        pipes = [os.pipe() for _ in range(3)]
        process = StepProcess(*(reader for reader, _ in pipes))
        writers = [writer for _, writer in pipes]
        try:
            server.send(request, [self._stdin, *writers])
        except OSError:
            process.close()
            return None
        finally:
            for writer in writers:
                os.close(writer)
        if process.is_started():
            return process
        process.close()
        return None

    def _compare(self, beginnings: tuple[str, ...]) -> None:
        """From now on, a forked step has these variables as this process had them."""
        self._compared = beginnings
        self._start_variables = chosen_variables(self._environment, beginnings)

    def _may_be_warm(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> bool:
        pairs = set(itertools.pairwise(command))
        return (
            command[0] == sys.executable
            and command[1] == sys.argv[0]
            and "step" in command
            and not pairs & {("batch", "step"), ("kubernetes", "step")}
            and chosen_variables(environment, self._compared) == self._start_variables
        )

    def _fork_server(self, owned: Sequence[Channel]) -> Channel:
        ours, theirs = socket.socketpair()
        if os.fork() == 0:
            ours.close()
            for channel in owned:
                channel.close()
            os.close(self._stdin)
            os.close(self._stdin_source)
            WarmServer(Channel(theirs)).serve()
        theirs.close()
        return Channel(ours)

    def _spawn_server(self) -> Channel:
        """Start a new warm process, for one that died."""
        ours, theirs = socket.socketpair()
        # [python, "-c", program, path, "run"]: the same program in its other part.
        command = [sys.executable, *sys.orig_argv[1:4], "warm", *self._folder]
        with theirs:
            subprocess.Popen(command, stdin=theirs.fileno())
        server = Channel(ours)
        if self._preload:
            with contextlib.suppress(OSError):  # it has died; so the next request finds
                server.send(self._preload)
        return server

    def _fresh(self, command: Sequence[str]) -> list[str]:
        """Return the command of a fresh process, as the kernel and the flow take it.

        Input paths that are too long for a command line go into a file. A script that
        would start another flow, or none, is run by this file's own program; so is one
        whose `current.trigger` has to be told.
        """
        words = list(command)
        needs_us = not FlowStart.by_itself or known_triggers()
        if words[:2] == [sys.executable, sys.argv[0]] and needs_us:
            program = sys.orig_argv[1:4]
            words[1:1] = [*program, "script", self.flow or ""]
        if "--input-paths" in words:
            place = words.index("--input-paths")
            paths = words[place + 1]
            if len(paths.encode()) > LONGEST_ARGUMENT:
                digest = hashlib.sha256(paths.encode()).hexdigest()
                self._scratch = self._scratch or tempfile.TemporaryDirectory()
                file = Path(self._scratch.name, digest)
                file.write_text(paths, encoding="utf-8")
                words[place : place + 2] = ["--input-paths-filename", str(file)]
        return words


def _place_of_step(command: Sequence[str]) -> int:
    """Return where in a command its step begins, after what all steps have; or 0."""
    for place, word in enumerate(command[:-2]):
        if word == "step" and command[place + 2] == "--run-id":
            return place
    return 0


def chosen_variables(
    environment: Mapping[str, str], beginnings: tuple[str, ...]
) -> dict[str, str]:
    """Return the variables that begin so, but for those that each step has."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(beginnings) and name not in PER_STEP_VARIABLES
    }
