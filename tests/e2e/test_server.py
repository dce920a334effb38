"""The shared server answers, and ends with its last user however that ends."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

TESTS = Path(__file__).parent.parent
USER = """
import sys
from pathlib import Path
from support.server import use_server
with use_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def _use(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)],
        cwd=TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _said(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    return user.stdout.readline().strip()


def _answers(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/health", timeout=60) as answer:  # noqa: S310
        return bool(answer.status == 200)


@pytest.mark.server
def test_ends_with_its_last_user(tmp_path: Path) -> None:
    with _use(tmp_path) as one, _use(tmp_path) as other:
        url = _said(one)
        assert _said(other) == url
        os.kill(one.pid, signal.SIGINT)
        one.wait()
        assert _answers(url)
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port or 0)) as line:
            line.settimeout(60)
            os.kill(other.pid, signal.SIGKILL)
            with suppress(ConnectionResetError):  # or so it goes
                assert line.recv(1) == b""


def test_fixture(prefect_api: str) -> None:
    assert _answers(prefect_api)
