"""Messages between two processes: JSON objects over a socket, files beside them."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from typing import Any


class Channel:
    """One end of a stream socket that carries JSON objects.

    Sending is safe from any thread; receiving is for one thread.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._sending = threading.Lock()

    def fileno(self) -> int:
        """Return the socket's file descriptor, to poll or to inherit."""
        return self._socket.fileno()

    def end(self) -> None:
        """End the stream for both ends, also where a thread waits for a message."""
        with contextlib.suppress(OSError):  # the other end is gone already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end, which no thread may be using any more.

        The stream goes on where another process has a copy of this end.
        """
        self._socket.close()

    def send(self, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
        """Send an object, and descriptors of open files with it.

        Raises:
            OSError: The other end is gone.
        """
        data = json.dumps(message).encode()
        header = struct.pack("!Q", len(data))
        with self._sending:
            if files:
                socket.send_fds(self._socket, [header], list(files))
                self._socket.sendall(data)
            else:
                self._socket.sendall(header + data)

    def receive(self, files: int = 0) -> tuple[Any, list[int]]:
        """Wait for an object and up to `files` descriptors.

        Returns:
            The object and the descriptors; `None` and none at the end of the stream.
        """
        header, descriptors = self._receive_header(files)
        if len(header) < struct.calcsize("!Q"):
            return None, descriptors
        (size,) = struct.unpack("!Q", header)
        data = self._receive_exactly(size)
        return (json.loads(data) if len(data) == size else None), descriptors

    def _receive_header(self, files: int) -> tuple[bytes, list[int]]:
        size = struct.calcsize("!Q")
        if not files:
            return self._receive_exactly(size), []
        try:
            start, descriptors, _, _ = socket.recv_fds(self._socket, size, files)
        except ConnectionError:
            return b"", []
        if not start:
            return b"", []
        return start + self._receive_exactly(size - len(start)), descriptors

    def _receive_exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self._socket.recv(min(size - len(parts), 1 << 20))
            except ConnectionError:
                break
            if not part:
                break
            parts += part
        return bytes(parts)
