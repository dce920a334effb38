"""Log records and events on their way to Prefect's server."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Literal

from prefect.client.orchestration import SyncPrefectClient
from prefect.events import Event
from prefect.events.related import related_resources_from_run_context
from prefect.events.worker import EventsWorker, ProcessPoolForwardingEventsClient
from prefect.logging.handlers import set_api_log_sink
from prefect.settings import PREFECT_LOGGING_TO_API_BATCH_INTERVAL

EVENTS_INTERVAL = 0.2  # seconds
REFUSES_RECORD = (400, 413, 422)
BATCH_RECORDS = 200  # of a larger batch Prefect's server takes longer for each record
BATCH_BYTES = 1 << 20
ROOM = 8 << 20  # bytes that may wait; about what the server takes within some seconds
SHORTEST_PAUSE = 0.25  # seconds before a server that is away is tried again
LONGEST_PAUSE = 4.0
PATIENCE = 8.0  # seconds in which a run that has ended waits for a server that is away
LONGEST_END = 60.0  # seconds that it waits for one that is slow


class Shipper:
    """Sends records to Prefect's API, in batches and in order, in its own thread.

    Records that the server does not take are kept and sent again, and who makes too
    many has to wait.

    Args:
        client: Prefect's client.
        path: Where in the API they are posted, many at a time.
        interval: Seconds in which records are gathered.
    """

    def __init__(
        self,
        client: SyncPrefectClient,
        path: Literal["/logs/", "/events"],
        interval: float,
    ) -> None:
        self._client = client
        self._path = path
        self._interval = interval
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._sending = 0
        self._delivered = 0
        self._refused = 0
        self._ending = threading.Event()
        self._gone = False
        self._changed = threading.Condition()
        threading.Thread(target=self._send_all, name=f"to {path}", daemon=True).start()

    def put(self, records: Sequence[bytes]) -> None:
        """Send records, each the JSON that Prefect's API takes, when their turn comes.

        This never waits; see `wait_for_room`.
        """
        with self._changed:
            self._waiting.extend(records)
            self._bytes += sum(map(len, records))
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many records have not been sent yet."""
        return len(self._waiting)

    def wait_for_room(self) -> None:
        """Wait until not too much is waiting to be sent."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes < ROOM or self._ending.is_set())

    def close(self) -> int:
        """Wait for what is still to be sent, as long as the server takes any of it.

        Returns:
            How many records the server did not take.
        """
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

    def _is_idle(self) -> bool:
        return not self._waiting and not self._sending

    def _send_all(self) -> None:
        while batch := self._next_batch():
            accepted = self._deliver(batch)
            with self._changed:
                self._sending = 0
                self._bytes -= sum(map(len, batch))
                self._delivered += accepted
                self._refused += len(batch) - accepted
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

    def _deliver(self, batch: list[bytes]) -> int:
        """Send a batch until the server has taken it; return how many it has taken."""
        import httpx

        body = b"[" + b",".join(batch) + b"]"
        kind = {"content-type": "application/json"}
        pause = SHORTEST_PAUSE
        while not self._gone:
            try:
                self._client.request("POST", self._path, content=body, headers=kind)
            except httpx.HTTPStatusError as error:
                status = error.response.status_code
                if status in REFUSES_RECORD and len(batch) > 1:
                    return sum(self._deliver([record]) for record in batch)
                if status < 500 and status not in (408, 425, 429):
                    return 0
            except (httpx.HTTPError, RuntimeError):
                pass  # the server is away, or the client was closed after the end
            else:
                return len(batch)
            time.sleep(SHORTEST_PAUSE)
            self._ending.wait(pause - SHORTEST_PAUSE)
            pause = min(2 * pause, LONGEST_PAUSE)
        return 0


class LogShipper(Shipper):
    """Sends log records.

    Prefect's own handler has no bound, handles each record by itself and drops what
    the server does not take at once. What Prefect itself logs in this process goes the
    same way while this is open, so that all stays in order.

    Args:
        client: Prefect's client.
    """

    def __init__(self, client: SyncPrefectClient) -> None:
        interval = PREFECT_LOGGING_TO_API_BATCH_INTERVAL.value()
        super().__init__(client, "/logs/", interval)
        set_api_log_sink(self._take_over)

    def close(self) -> int:
        """Wait for what is still to be sent; return how many records were not taken."""
        set_api_log_sink(None)
        return super().close()

    def _take_over(self, record: dict[str, Any]) -> None:
        record.pop("__payload_size__", None)
        self.put([json.dumps(record).encode()])


class EventInlet:
    """The queue that Prefect's client for events puts them into, one in a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._early: list[bytes] = []
        self._shipper: EventShipper | None = None

    def open(self) -> None:
        """Take the events of this process from now on, and keep them for a shipper.

        A flow run begins with an event, for which Prefect's own client would connect.
        """
        EventsWorker.set_client_override(
            ProcessPoolForwardingEventsClient, event_queue=self
        )

    def connect(self, shipper: EventShipper) -> EventsWorker:
        """Have a shipper send the events; return the thread of Prefect's."""
        self.open()
        with self._lock:
            self._shipper = shipper
            shipper.put(self._early)
            self._early = []
        return EventsWorker.instance()

    def disconnect(self, shipper: EventShipper) -> None:
        """Leave further events to Prefect, if they are this shipper's."""
        with self._lock:
            if self._shipper is shipper:
                EventsWorker.set_client_override(None)

    def put(self, item: tuple[str, Event]) -> None:
        """Take an event, and what kind of message it is."""
        record = item[1].model_dump_json().encode()
        with self._lock:
            if self._shipper is None:
                self._early.append(record)
            else:
                self._shipper.put([record])


EVENT_INLET = EventInlet()


class EventShipper(Shipper):
    """Sends the events of this process, which tell the states of its task runs.

    Prefect's own client sends each by itself, and drops those that it cannot send
    within some seconds: a task run that began and ended while the server was away
    would never be seen.

    Args:
        client: Prefect's client.
    """

    def __init__(self, client: SyncPrefectClient) -> None:
        super().__init__(client, "/events", EVENTS_INTERVAL)
        self._worker = EVENT_INLET.connect(self)
        context = copy_context()
        threading.Thread(
            target=context.run, args=(self._know_related,), name="related", daemon=True
        ).start()

    def close(self) -> int:
        """Wait for what is still to be sent; return how many events were not taken."""
        EVENT_INLET.disconnect(self)
        # Not by itself: it would wait forever if Prefect's thread had failed.
        passing = threading.Thread(target=self._worker.wait_until_empty, daemon=True)
        passing.start()
        passing.join(LONGEST_END)
        return super().close()

    def _know_related(self) -> None:
        """Have Prefect read and keep what all events of this run are related to.

        Else it does so before the first one is sent, which may be during an outage.
        """
        import httpx

        client: Any = _AsAsync(self._client)  # to make one of its own takes 30 ms
        with suppress(httpx.HTTPError):
            asyncio.run(related_resources_from_run_context(client))


class _AsAsync:
    """A client whose methods are awaited."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any) -> Any:
            return getattr(self._client, name)(*arguments)

        return call
