"""A command that is forked for somebody who takes it for Python behaves as Python would."""

import marshal
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support import warm_client, warm_commands
from support.launched import await_ends
from support.run import LIMIT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="as the processes of steps")

SLEEPS = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
STREAMS = "import sys; print(input(), *sys.argv[1:]); print('bad', file=sys.stderr); sys.exit(3)"


def server() -> warm_commands.Server:
    return warm_commands.start("nothing", (), {"PATH": os.environ["PATH"]})


@pytest.fixture(scope="module")
def python() -> list[str]:
    return shlex.split(server().python)


def started(python: list[str]) -> tuple[subprocess.Popen[str], int, int]:
    """Start a command that sleeps; its process as it seems, its real id, and a handle of that."""
    process = subprocess.Popen([*python, "-c", SLEEPS], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    return process, pid, os.pidfd_open(pid)


def test_streams_arguments_folder_and_exit_code(python: list[str], tmp_path: Path) -> None:
    words = [*python, "-c", STREAMS, "one", "two"]
    done = subprocess.run(words, input="zero", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "zero one two\n", "bad\n")
    look = "import os; print(os.getcwd())"
    done = subprocess.run(
        [*python, "-c", look], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{tmp_path}\n"


@pytest.mark.parametrize("isolated", [True, False])
def test_isolated_it_reads_none_of_pythons_variables(
    python: list[str], tmp_path: Path, isolated: bool
) -> None:
    (tmp_path / "only_here.py").touch()
    words = [*python, *(["-I"] if isolated else []), "-c", "import os, only_here"]
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
    assert ("No module named 'only_here'" in done.stderr) == isolated
    assert done.returncode == isolated


def test_it_is_killed(python: list[str]) -> None:
    process, pid, handle = started(python)
    os.kill(pid, signal.SIGKILL)
    process.communicate()
    os.close(handle)
    assert process.returncode == -signal.SIGKILL


def test_an_exception_ends_it(python: list[str]) -> None:
    done = subprocess.run([*python, "-c", "1 / 0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on(python: list[str], number: signal.Signals) -> None:
    process, pid, handle = started(python)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number
    assert not await_ends({str(pid): handle}, LIMIT)


def test_it_ends_with_whoever_asked_for_it(python: list[str]) -> None:
    process, pid, handle = started(python)
    process.kill()
    process.communicate()
    assert not await_ends({str(pid): handle}, LIMIT)


def test_variables_of_python_need_a_new_one(python: list[str], tmp_path: Path) -> None:
    (tmp_path / "only_here.py").write_text("print('found')\n")
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    words = [*python, "-c", "import only_here"]
    done = subprocess.run(words, env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "found\n"


def test_whoever_needs_it_next_has_the_same(python: list[str]) -> None:
    found = server()
    assert found.process is None
    assert str(found.address) == python[-1]


@pytest.mark.parametrize("part", [0, 4, 8, 12, None])
def test_it_outlives_whoever_is_killed_while_asking(python: list[str], part: int | None) -> None:
    report, reported = os.pipe()
    data = marshal.dumps({"words": ["-c", "1"], "folder": "/", "variables": {}, "stays": False})
    request = (len(data).to_bytes(warm_client.SIZE, "big") + data)[:part]
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(python[-1])
        if request:
            socket.send_fds(client, [request], [1, 1, 1, reported])
        os.close(report)
        os.close(reported)
    done = subprocess.run([*python, "-c", "print(1)"], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
