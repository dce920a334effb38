"""A door to a server that can be shut for a while: the server is away, as far as clients see."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit


class Door:
    """Forwards connections on loopback, or ends them at once while it is shut.

    Args:
        url: The URL of the server behind.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._behind = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{self._listener.getsockname()[1]}"))
        self.taken = 0  # bytes from clients
        self._open = True
        self._closing = False
        self._lines: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._knocks = threading.Semaphore(0)
        self._start(self._serve)

    def shut(self) -> None:
        """End all connections, and each new one."""
        with self._lock:
            self._open = False
            for line in self._lines:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        """Let clients through again."""
        with self._lock:
            self._open = True

    def await_knocks(self, number: int) -> None:
        """Wait until so many connections have found the door shut."""
        for _ in range(number):
            assert self._knocks.acquire(timeout=120)

    def close(self) -> None:
        """Take the door away."""
        self.shut()
        self._closing = True
        socket.create_connection(self._listener.getsockname()).close()  # ends the wait for clients
        for thread in self._threads:
            thread.join()
        for line in (self._listener, *self._lines):
            line.close()

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        self._threads.append(threading.Thread(target=target, args=args, daemon=True))
        self._threads[-1].start()

    def _serve(self) -> None:
        with suppress(OSError):
            while not self._closing:
                line, _ = self._listener.accept()
                with self._lock:
                    if not self._open:
                        line.close()
                        self._knocks.release()
                        continue
                    behind = socket.create_connection(self._behind)
                    self._lines |= {line, behind}
                for ends in ((line, behind, True), (behind, line, False)):
                    self._start(self._pass_on, *ends)

    def _pass_on(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if counts:
                    with self._lock:
                        self.taken += len(data)
                target.sendall(data)
        for line in (source, target):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


@contextmanager
def door_to(url: str) -> Iterator[Door]:
    """A door to a server, open at first."""
    door = Door(url)
    try:
        yield door
    finally:
        door.close()
