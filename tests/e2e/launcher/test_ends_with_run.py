"""No process outlives its run, and a warm process that dies is replaced."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.launched import await_ends, prepare, start
from support.run import LIMIT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="steps are forked on Linux only")


@pytest.mark.one_a_day("launcher")
@pytest.mark.parametrize("launcher", ["warm", "template"])
def test_warm_process_is_replaced(tmp_path: Path, prefect_api: str, launcher: str) -> None:
    folder = tmp_path / "run"
    prepare(folder, "ends.py")
    with start(folder, prefect_api, launcher) as process:
        output, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, output
    assert "Killed by signal 9 (SIGKILL) in start" in output
    assert output.count("Retry 1/1 will start") == 1
    assert "attempt 1" in output


@pytest.mark.one_a_day("launcher")
@pytest.mark.parametrize("launcher", ["warm", "template", "fresh"])
@pytest.mark.parametrize(
    ("victim", "number"),
    [
        ("prefect", signal.SIGKILL),
        ("host", signal.SIGKILL),
        ("warm", signal.SIGKILL),
        ("prefect", signal.SIGTERM),
        ("group", signal.SIGINT),
    ],
)
def test_all_end(tmp_path: Path, prefect_api: str, launcher: str, victim: str, number: int) -> None:
    folder = tmp_path / "run"
    prepare(folder, "ends.py")
    os.mkfifo(folder / "here")
    with start(folder, prefect_api, launcher, "--wait=true") as process:
        step, child, warm, host = _processes(folder)
        pids = {"prefect": process.pid, "host": host, "warm": warm, "step": step, "child": child}
        handles = {name: os.pidfd_open(pid) for name, pid in pids.items()}
        if victim == "group":
            os.killpg(process.pid, number)
        else:
            os.kill(pids[victim], number)
        left = await_ends(handles, LIMIT)
        for name in left:
            os.kill(pids[name], signal.SIGKILL)
        assert not left
        process.communicate(timeout=LIMIT)
    assert process.returncode


def test_timed_out_steps_end_with_their_children(tmp_path: Path, prefect_api: str) -> None:
    started = {}
    for launcher in ("warm", "template", "fresh"):
        prepare(tmp_path / launcher, "timed_out.py")
        os.mkfifo(tmp_path / launcher / "here")
        started[launcher] = start(tmp_path / launcher, prefect_api, launcher)
    for launcher, process in started.items():
        folder = tmp_path / launcher
        with process:
            first = {"of start": os.pidfd_open(*_processes(folder))}
            assert _processes(folder) == [0]  # the next attempt has begun
            assert not await_ends(first, 0)
            others = {
                f"of {step}": os.pidfd_open(*_processes(folder)) for step in ("caught", "end")
            }
            output, _ = process.communicate(timeout=LIMIT)
        assert process.returncode == 1, output
        assert not await_ends(others, 0)
        assert "caught: Step caught timed out after 0 hours, 9 minutes, 0 seconds" in output
        assert "Step end timed out after 0 hours, 9 minutes, 0 seconds" in output


def _processes(folder: Path) -> list[int]:
    """Wait for the step to say which processes there are."""
    # Opening a pipe would wait for ever if the run failed before.
    reader = ["timeout", str(LIMIT), "cat", "here"]
    done = subprocess.run(reader, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    return [int(word) for word in done.stdout.split()]
