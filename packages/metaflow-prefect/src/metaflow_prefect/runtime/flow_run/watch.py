"""What is asked of a flow run in Prefect: to suspend, to go on, to stop."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from uuid import UUID

from prefect import get_client, get_run_logger
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException
from prefect.states import Cancelled, Failed

from .heartbeat import Heartbeats

WATCH_SECONDS = 3.0  # between looks at the flow run's state
HELD = "The run is suspended: no step begins until it is resumed."
CANCELLED = "The run was cancelled."
TIMED_OUT = "The run took longer than {} seconds."


class RunEnded(Exception):
    """The flow run is to stop.

    Args:
        state: The state that it ends in.
    """

    def __init__(self, state: State[Any]) -> None:
        super().__init__(state.message)
        self.state = state

    @property
    def reason(self) -> str:
        """What comes after "because"."""
        message = str(self).rstrip(".")
        return message[:1].lower() + message[1:]


class RunWatch:
    """Looks at the state of a flow run on the server while the run goes on.

    A worker kills the processes of a run that is cancelled. But not every run has one,
    and none of them knows which steps must not begin while a run is suspended.

    Args:
        flow_run_id: The flow run.
        timeout: Seconds after which it is stopped; `None` for no limit.
        wake: Called when something is asked of it.
        heartbeats: Tell the server that this process lives.
    """

    def __init__(
        self,
        flow_run_id: UUID,
        timeout: float | None,
        wake: Callable[[], None],
        heartbeats: Heartbeats,
    ) -> None:
        self._flow_run_id = flow_run_id
        self._timeout = timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._wake = wake
        self._heartbeats = heartbeats
        self._over = threading.Event()
        self._stopped: RunEnded | None = None
        self._resources = ExitStack()
        self._client = self._resources.enter_context(get_client(sync_client=True))
        self._thread = threading.Thread(
            target=contextvars.copy_context().run, args=(self._watch,), daemon=True
        )
        self.holds = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while something is done."""
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()
            self._resources.close()

    def check(self) -> None:
        """Notice that the run is to stop.

        Raises:
            RunEnded: It is.
        """
        if self._stopped is not None:
            raise self._stopped

    def _watch(self) -> None:
        import httpx

        self._heartbeats.send_if_due()
        while not self._over.wait(self._pause()):
            self._heartbeats.send_if_due()
            before = self.holds, self._stopped
            if self._deadline is not None and time.monotonic() >= self._deadline:
                state: State[Any] = Failed(
                    name="TimedOut", message=TIMED_OUT.format(self._timeout)
                )
                self._stopped = RunEnded(state)
            else:
                with suppress(httpx.HTTPError, PrefectException):  # it is asked again
                    self._look()
            if (self.holds, self._stopped) != before:
                self._wake()
            if self._stopped is not None:
                return

    def _pause(self) -> float:
        if self._deadline is None:
            return WATCH_SECONDS
        return max(0.0, min(WATCH_SECONDS, self._deadline - time.monotonic()))

    def _look(self) -> None:
        state = self._client.read_flow_run(self._flow_run_id).state
        if state is None:
            return
        if state.is_paused() and not self.holds:
            get_run_logger().info(HELD)
        self.holds = state.is_paused()
        if state.is_cancelling() or state.is_cancelled():
            self._stopped = RunEnded(Cancelled(message=CANCELLED))
