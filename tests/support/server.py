"""One Prefect server on loopback, shared by any number of processes and ended after the last.

Every user holds a shared lock on a file, which the system takes from it however it ends. A keeper
process starts the server and then waits for that file's exclusive lock: it gets it when no user is
left, and ends the server. So a server outlives neither Ctrl-C nor a kill.
"""

import fcntl
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

_START_LIMIT = 900  # seconds, since tests also run beside others
_POLL = 0.2  # seconds between questions to a server that does not yet listen


@contextmanager
def use_server(folder: Path) -> Iterator[str]:
    """The URL of the API of the server that belongs to `folder`, started if there is none.

    Args:
        folder: A folder that all users of the server share; it holds the server's data and log.

    Raises:
        RuntimeError: The server did not start; with its log.
    """
    with (folder / "server-users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        yield _running_server(folder)


def _running_server(folder: Path) -> str:
    address = folder / "server-address"
    with (folder / "server-start").open("a") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        if not address.exists():
            _start_keeper(folder)
        return address.read_text(encoding="utf-8")


def _start_keeper(folder: Path) -> None:
    """Start the keeper and wait until it says that the server answers, or that it failed."""
    with subprocess.Popen(
        [sys.executable, __file__, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for pytest; the keeper then sees that it has gone
        text=True,
    ) as keeper:
        assert keeper.stdout is not None
        said = keeper.stdout.readline()
        if said != "ready\n":
            log = (folder / "server.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"the Prefect server did not start:\n{log}")
        keeper.stdout.close()
        # Leaving the block would wait for the keeper, which waits for us.
        keeper.returncode = 0


def keep(folder: Path) -> None:
    """Start a server for `folder`, tell its address, and end it when nobody uses it any more."""
    # All that asks it keeps the machine busy: for root it comes first. The longer it takes from
    # reading to writing, the more of its answers are that SQLite is locked.
    with suppress(PermissionError):
        os.nice(-5)
    address = folder / "server-address"
    with (folder / "server.log").open("ab") as log, (folder / "server-users").open("a") as users:
        port = free_port()
        with _server(folder, port, log) as process:
            try:
                url = f"http://127.0.0.1:{port}/api"
                _await_health(process, f"{url}/health")
                address.write_text(url, encoding="utf-8")
                print("ready", flush=True)
                fcntl.flock(users, fcntl.LOCK_EX)
            finally:
                address.unlink(missing_ok=True)
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()


def _server(folder: Path, port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "METAFLOW_"))
    }
    variables |= {
        "PREFECT_HOME": str(folder / "prefect-home"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_UI_ENABLED": "true",
        # no test is about these, of which there would be many
        "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_MAX_RUNS": "3",
    }
    command = ["-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    return subprocess.Popen(
        [sys.executable, *command],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )


def _await_health(process: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + _START_LIMIT
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own loopback address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(_POLL)
    raise RuntimeError("the server did not answer in time")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
