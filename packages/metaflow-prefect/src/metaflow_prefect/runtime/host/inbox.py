"""What the Prefect side asks for, and the end of this process when that side ends."""

from __future__ import annotations

import os
import queue
import threading
import time
from typing import Any

from ..channel import Channel

ENDING = 5.0  # seconds that a process which was waiting for a request has to end


class Inbox:
    """The messages of the Prefect side, read by a thread as they come.

    This process may be loading the flow, or waiting for a datastore that never answers,
    when the Prefect side ends or is killed. It ends then, whatever it is doing.

    Args:
        channel: The socket to the Prefect side.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._is_awaited = False
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> dict[str, Any] | None:
        """Wait for a message; `None` if it is time to end."""
        self._is_awaited = True
        message = self._messages.get()
        self._is_awaited = False
        return message

    def _read(self) -> None:
        while True:
            message, _ = self._channel.receive()
            if message is None:
                break
            self._messages.put(message)
        if self._is_awaited:
            self._messages.put(None)
            time.sleep(ENDING)
        os._exit(1)
