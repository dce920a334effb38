"""Whatever ends a run from outside, no process of a step is left behind."""

import os
import re
import select
import signal
from pathlib import Path

import pytest
from e2e.project import SOURCES, FlowFolder


def wait_for_end(pids: list[int]) -> None:
    """Await the end of processes that are not this one's children."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended, _, _ = select.select([descriptor], [], [], 30)
        os.close(descriptor)
        assert ended, f"process {pid} is still there"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux's pidfd_open")
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, None), (signal.SIGKILL, -9)],
    ids=["SIGINT", "SIGTERM", "SIGKILL"],
)
def test_no_step_is_left(tmp_path: Path, prefect_api: str, number: int, code: int | None) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "sleeper.py", PREFECT_API_URL=prefect_api)
    process = folder.start(folder.create())
    pids: list[int] = []
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"pids (\d+) (\d+)", line):
            pids += map(int, found.groups())
        if len(pids) == 4:
            break
    assert len(pids) == 4
    if number == signal.SIGINT:  # a terminal sends it to the whole group
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    with process.stdout:
        process.stdout.read()
    ended = process.wait(timeout=60)
    wait_for_end(pids)
    assert ended == code if code is not None else ended != 0
