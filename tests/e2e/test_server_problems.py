"""A Prefect server that cannot be used is told of in one line, before anything runs."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from e2e.project import SOURCES, FlowFolder
from support.run import LIMIT

# Starts as slowly as a cold machine would, beyond Prefect's own limit of 20 seconds.
SLOW_SERVER = """
import sys, time
if any("uvicorn" in word for word in sys.orig_argv):
    time.sleep(25)
"""


@contextmanager
def serving(status: int, body: bytes, first: Sequence[tuple[int, bytes]] = ()) -> Iterator[str]:
    """The URL of a server that answers all alike, but for what a run asks it first."""
    answers = iter(first)

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            code, text = status, body
            if self.path == "/api/flows/count":
                code, text = next(answers, (status, body))
            self.send_response(code)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api"


@contextmanager
def nobody() -> Iterator[str]:
    """A URL where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield f"http://127.0.0.1:{port}/api"


SERVERS = {
    "nobody": (nobody, "Prefect's server at {} cannot be reached"),
    "silent": (silent, "Prefect's server at {} has not answered within 15 seconds"),
    "page": (lambda: serving(200, b"<html>"), "What answers at {} is not the API of a Prefect"),
    "404": (lambda: serving(404, b""), "What answers at {} is not the API of a Prefect"),
    "401": (lambda: serving(401, b"{}"), "Prefect's server at {} rejected our credentials (401)"),
    "500": (lambda: serving(500, b""), "Prefect's server at {} answered 500"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_one_line_names_the_server(tmp_path: Path, name: str) -> None:
    server, told = SERVERS[name]
    with server() as url:
        flow = FlowFolder(tmp_path, SOURCES / "talkative.py", PREFECT_API_URL=url)
        output = flow.create()
        if name == "silent":  # which the client's own patience must not change
            flow.environment["PREFECT_API_REQUEST_TIMEOUT"] = str(2 * LIMIT)
        done = flow.run(output)
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith(told.format(url))
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["create", "list-runs"])
def test_commands_ask_a_silent_server_once(tmp_path: Path, verb: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        flow = FlowFolder(tmp_path, SOURCES / "talkative.py", PREFECT_API_URL=url)
        flow.environment["PREFECT_API_REQUEST_TIMEOUT"] = "1"
        done = flow.run(flow.flow, "--quiet", "prefect", verb)
        listener.setblocking(False)
        listener.accept()[0].close()
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith(f"No Prefect server answers at {url} (ReadTimeout). Start it")
    assert done.stderr.count("\n") == 1


def test_a_busy_server_is_asked_again_and_may_still_refuse_the_run(tmp_path: Path) -> None:
    with serving(503, b"{}", first=[(503, b"{}"), (200, b"0")]) as url:
        flow = FlowFolder(tmp_path, SOURCES / "talkative.py", PREFECT_API_URL=url)
        flow.environment["PREFECT_CLIENT_MAX_RETRIES"] = "1"
        done = flow.run(flow.create())
    assert done.returncode == 3, done.stderr
    assert done.stderr == f"Prefect's server at {url} answered 503. See whether it is well.\n"


def test_a_resumed_run_names_it_too(tmp_path: Path) -> None:
    flow = FlowFolder(tmp_path, SOURCES / "talkative.py")
    native = flow.run("talkative.py", "run", "--run-id-file", "id.txt")
    assert native.returncode == 0
    origin = (tmp_path / "id.txt").read_text(encoding="utf-8")
    with nobody() as url:
        flow.environment["PREFECT_API_URL"] = url
        done = flow.run(flow.create(), "--resume", origin)
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith(f"Prefect's server at {url} cannot be reached")
    assert done.stderr.count("\n") == 1


@pytest.mark.server  # a Prefect server of its own
def test_a_temporary_server_is_announced_awaited_and_prints_no_errors_of_its_own(
    tmp_path: Path,
) -> None:
    flow = FlowFolder(tmp_path, SOURCES / "talkative.py")
    for name in ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED"):
        flow.environment.pop(name, None)
    output = flow.create()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SLOW_SERVER)
    flow.environment |= {
        "PREFECT_HOME": str(tmp_path / "new-database"),
        "PYTHONPATH": str(tmp_path / "site"),
    }
    done = flow.run(output)
    assert done.returncode == 0, done.stderr
    announced = "Starting Prefect's temporary server, which takes some seconds"
    assert done.stderr.startswith(announced)
    assert "telemetry" not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
