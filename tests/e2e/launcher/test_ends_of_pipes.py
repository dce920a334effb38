"""What one process of a run holds of another: no open file is left, and no line of it is lost."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import pytest
from metaflow_prefect.runtime.flow_run.host_client import Host, HostEnded

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="steps are forked on Linux only")

# A host's launcher, whose warm processes are killed: while one waits for a request, and while a
# request is on the way, of which the first part has been sent.
LAUNCHER = """
import fcntl, os, signal, struct, sys, termios, threading, time
from pathlib import Path
from metaflow_prefect.runtime.host.launch import Launcher
from metaflow_prefect.runtime.host.side import metaflow_side

def files():
    return len(list(Path("/proc/self/fd").iterdir()))

def warm():
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == os.getpid() and words[0] not in "ZX":
            return int(file.parent.name)

def step(launcher, **variables):
    process = launcher.start([sys.executable, "-S", "-c", "pass"], {**os.environ, **variables})
    assert process.wait() == 0
    process.close()

def unsent():
    sizes = [0]
    for file in Path("/proc/self/fd").iterdir():
        try:
            if os.readlink(file).startswith("socket:"):
                number = struct.pack("i", 0)
                (size,) = struct.unpack("i", fcntl.ioctl(int(file.name), termios.TIOCOUTQ, number))
                sizes.append(size)
        except OSError:
            continue
    return max(sizes)

if sys.argv[2] == "warm":
    metaflow_side("warm")
launcher = Launcher(owned=[], folder=[])
step(launcher)
before = files()
os.kill(warm(), signal.SIGKILL)
step(launcher)
stopped = warm()
os.kill(stopped, signal.SIGSTOP)
long = {f"LONG_{number}": "x" * 100_000 for number in range(10)}
asking = threading.Thread(target=step, args=(launcher,), kwargs=long)
asking.start()
while unsent() < 100_000:
    time.sleep(0.01)
os.kill(stopped, signal.SIGKILL)
asking.join()
print(files() - before)
"""


def files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def host_of(program: str, *descriptors: int) -> tuple[Host, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", program],
            stdin=theirs.fileno(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=descriptors,
        )
    return Host(process, ours), process


def test_a_launcher_whose_warm_processes_die_leaves_no_file_open(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, "out.py", "test"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr


@pytest.mark.parametrize("number", [signal.SIGKILL, None], ids=["killed", "closed"])
def test_a_host_leaves_no_file_open(number: int | None) -> None:
    before = files()
    host, process = host_of("import sys; sys.stdin.read()")
    assert files() > before
    if number:
        os.kill(process.pid, number)
        with pytest.raises(HostEnded):
            host.start("run", "flow run", None, again=False)
    host.close()
    host.close()  # as a run does that ends in the middle
    assert files() == before


PRINTS = """
import os
while word := os.read({}, 1):
    print(word.decode(), flush=True)
    os.write({}, word)
"""


def test_no_line_is_lost_while_it_is_changed_who_gets_them() -> None:
    """The process prints a line before each line of our code that changes it."""
    asked, ask = os.pipe()
    told, tell = os.pipe()
    host, _ = host_of(PRINTS.format(asked, tell), asked, tell)
    words: list[str] = []
    seen: set[int] = set()

    def have_printed() -> None:
        words.append(chr(ord("a") + len(words)))
        os.write(ask, words[-1].encode())
        os.read(told, 1)
        time.sleep(0.02)  # in which it is read and kept, unless that has to wait for us

    def before_each_line(frame: FrameType, event: str, _: object) -> object:
        if frame.f_code is not Host.echo.__code__:
            return None
        if event == "line" and frame.f_lineno not in seen:
            seen.add(frame.f_lineno)
            have_printed()
        return before_each_line

    have_printed()
    lines: list[str] = []
    before = sys.gettrace()
    sys.settrace(before_each_line)  # type: ignore[arg-type]  # its type knows no recursion
    host.echo(lines.append, lines.append)
    sys.settrace(before)
    have_printed()
    os.close(ask)
    host.close()
    for descriptor in (asked, told, tell):
        os.close(descriptor)
    assert len(words) > 5
    assert lines == words
