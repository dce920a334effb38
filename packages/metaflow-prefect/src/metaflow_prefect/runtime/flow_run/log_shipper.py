"""Log records on their way to Prefect's server."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.logging.handlers import set_api_log_sink
from prefect.settings import PREFECT_LOGGING_TO_API_BATCH_INTERVAL

BATCH_RECORDS = 200  # of a larger batch Prefect's server takes longer for each record
BATCH_BYTES = 1 << 20
ROOM = 8 << 20  # bytes that may wait; about what the server takes within some seconds
SHORTEST_PAUSE = 0.25  # seconds before a server that is away is tried again
LONGEST_PAUSE = 4.0
PATIENCE = 8.0  # seconds in which a run that has ended waits for a server that is away
LONGEST_END = 60.0  # seconds that it waits for one that is slow


class LogShipper:
    """Sends log records to Prefect's API, in batches and in order, in its own thread.

    Prefect's own handler has no bound, handles each record by itself and drops what
    the server does not take at once. Here records that the server does not take are
    kept and sent again, and who makes too many has to wait. What Prefect itself logs
    in this process goes the same way while this is open, so that all stays in order.

    Args:
        client: Prefect's client.
    """

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client
        self._interval = PREFECT_LOGGING_TO_API_BATCH_INTERVAL.value()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._sending = 0
        self._delivered = 0
        self._refused = 0
        self._ending = threading.Event()
        self._gone = False
        self._changed = threading.Condition()
        threading.Thread(target=self._send_all, name="log shipper", daemon=True).start()
        set_api_log_sink(self._take_over)

    def put(self, records: Sequence[bytes]) -> None:
        """Send records, each the JSON that Prefect's API takes, when their turn comes.

        This never waits; see `wait_for_room`.
        """
        with self._changed:
            self._waiting.extend(records)
            self._bytes += sum(map(len, records))
            self._changed.notify_all()

    def wait_for_room(self) -> None:
        """Wait until not too much is waiting to be sent."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes < ROOM or self._ending.is_set())

    def close(self) -> int:
        """Wait for what is still to be sent, as long as the server takes any of it.

        Returns:
            How many records the server did not take.
        """
        set_api_log_sink(None)
        with self._changed:
            self._ending.set()
            self._changed.notify_all()
            for _ in range(round(LONGEST_END / PATIENCE)):
                before = self._delivered
                if self._changed.wait_for(self._is_idle, PATIENCE):
                    break
                if self._delivered == before:
                    break
            left = len(self._waiting) + self._sending
            self._waiting.clear()
            self._gone = True
            return left + self._refused

    def _take_over(self, record: dict[str, Any]) -> None:
        record.pop("__payload_size__", None)
        self.put([json.dumps(record).encode()])

    def _is_idle(self) -> bool:
        return not self._waiting and not self._sending

    def _send_all(self) -> None:
        while batch := self._next_batch():
            accepted = self._deliver(b"[" + b",".join(batch) + b"]")
            with self._changed:
                self._sending = 0
                self._bytes -= sum(map(len, batch))
                if accepted:
                    self._delivered += len(batch)
                else:
                    self._refused += len(batch)
                self._changed.notify_all()

    def _next_batch(self) -> list[bytes]:
        """Wait for records to be sent; return none at the end."""
        batch: list[bytes] = []
        size = 0
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending.is_set())
            self._changed.wait_for(self._is_due, self._interval)
            while self._waiting and len(batch) < BATCH_RECORDS and size < BATCH_BYTES:
                batch.append(self._waiting.popleft())
                size += len(batch[-1])
            self._sending = len(batch)
        return batch

    def _is_due(self) -> bool:
        return self._ending.is_set() or len(self._waiting) >= BATCH_RECORDS

    def _deliver(self, body: bytes) -> bool:
        """Send a batch until the server has taken it; return whether it has."""
        import httpx

        kind = {"content-type": "application/json"}
        pause = SHORTEST_PAUSE
        while not self._gone:
            try:
                self._client.request("POST", "/logs/", content=body, headers=kind)
            except httpx.HTTPStatusError as error:
                status = error.response.status_code
                if status < 500 and status not in (408, 425, 429):
                    return False
            except (httpx.HTTPError, RuntimeError):
                pass  # the server is away, or the client was closed after the end
            else:
                return True
            time.sleep(SHORTEST_PAUSE)
            self._ending.wait(pause - SHORTEST_PAUSE)
            pause = min(2 * pause, LONGEST_PAUSE)
        return False
