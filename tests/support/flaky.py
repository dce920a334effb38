"""What stands before a server, and loses the first of each kind of requests on the way."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from re import compile as pattern
from urllib.parse import urlsplit, urlunsplit

ID = pattern(r"[0-9a-f]{8}-[0-9a-f-]{27}")
HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@contextmanager
def flaky_way_to(url: str) -> Iterator[tuple[str, list[str]]]:
    """A way to a server on which each kind of requests meets an accident at first.

    The first reading request of a kind is answered 503, as by a server whose database is busy. The
    first writing one reaches the server, but its answer gets lost. Those that follow arrive.

    Args:
        url: The URL of the server behind.

    Yields:
        The URL of the way, and the kinds of requests whose first was lost, filled as they come.
    """
    parts = urlsplit(url)
    lost: list[str] = []
    lock = threading.Lock()

    class Way(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            kind = f"{self.command} {ID.sub('ID', self.path)}"
            with lock:
                is_first = kind not in lost
                if is_first:
                    lost.append(kind)
            reads = self.command == "GET" or "/filter" in self.path
            if is_first and reads:
                self._answer(503, [("Retry-After", "0.1")], b"busy")
                return
            behind = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            behind.request(self.command, self.path, body, headers)
            answer = behind.getresponse()
            content = answer.read()
            behind.close()
            if is_first:
                self.close_connection = True
                return
            kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in HOP]
            self._answer(answer.status, kept, content)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if status != http.client.NO_CONTENT:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Way) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            way = parts._replace(netloc=f"127.0.0.1:{server.server_port}")
            yield urlunsplit(way), lost
        finally:
            server.shutdown()
            thread.join()
