"""Whatever ends a run from outside, no process of it is left behind."""

import os
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import pytest
from bench.measure import descendants
from e2e.project import SOURCES, FlowFolder
from support.run import LIMIT
from support.s3 import ACCESS
from support.wait import until, until_exists

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux's pidfd_open")

STANDS_STILL = "import pathlib, time\npathlib.Path('here').touch()\ntime.sleep(600)\n"


def wait_for_end(pids: list[int]) -> None:
    """Await the end of processes that are not this one's children."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended, _, _ = select.select([descriptor], [], [], LIMIT)
        os.close(descriptor)
        assert ended, f"process {pid} is still there"


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
    ended = process.wait(timeout=LIMIT)
    wait_for_end(pids)
    assert ended == code if code is not None else ended != 0


@contextmanager
def killed(process: subprocess.Popen[str], number: int) -> Iterator[None]:
    """Kill a run's main process at the end; the host and the warm process end too."""
    with process:
        yield
        pids = until(lambda: found if len(found := list(descendants(process.pid))) >= 2 else None)
        process.send_signal(number)
        wait_for_end([process.pid, *pids])
        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()


def test_what_stands_still_ends_too(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "stuck.py", PREFECT_API_URL=prefect_api)
    file = folder.create()
    (tmp_path / "preloaded.py").write_text(STANDS_STILL)
    with killed(folder.start(file, "--preload", "preloaded"), signal.SIGKILL):
        until_exists(tmp_path / "here")
    (tmp_path / "here").unlink()
    (tmp_path / "stuck").touch()
    with killed(folder.start(file), signal.SIGTERM):
        until_exists(tmp_path / "here")


def test_a_datastore_that_never_answers_is_told_and_holds_nothing_up(
    tmp_path: Path, prefect_api: str
) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "stuck.py", PREFECT_API_URL=prefect_api)
    file = folder.create()
    with create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        folder.environment |= ACCESS | {
            "METAFLOW_DEFAULT_DATASTORE": "s3",
            "METAFLOW_DATASTORE_SYSROOT_S3": "s3://bucket/metaflow",
            "METAFLOW_S3_ENDPOINT_URL": url,
        }
        runs = {number: folder.start(file) for number in (signal.SIGTERM, signal.SIGKILL)}
        for number, process in runs.items():
            with killed(process, number):
                assert process.stdout is not None
                told = f"waiting for its s3 datastore at s3://bucket/metaflow ({url})"
                assert any(told in line for line in process.stdout)
