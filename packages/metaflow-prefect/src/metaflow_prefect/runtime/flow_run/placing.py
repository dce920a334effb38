"""Where attempts of tasks run: in this process's host, or on workers.

Placing is the only thing that is given away: which task comes next, its retries and
its states stay here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from .host_client import Host
from .log_records import AnyLogger
from .logs import StepLog
from .tracebacks import StepError


@dataclass(frozen=True)
class PlacedLog:
    """What an attempt said elsewhere that failed, where its lines were logged.

    Args:
        error: The exception whose traceback it has printed last.
        last_words: The last line on standard error that says anything.
        last_lines: The last lines on standard error, without the traceback.
    """

    error: StepError | None = None
    last_words: str = ""
    last_lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, reply: dict[str, Any]) -> PlacedLog | None:
        """Take it from the answer of a worker; there is none of this process's host."""
        said = reply.pop("said", None)
        if said is None:
            return None
        error = said["error"] and StepError(**said["error"])
        return cls(error, said["last_words"], tuple(said["last_lines"]))

    def end(self, error: StepError | None, trace: str) -> None:
        """Log nothing: that is done."""


class Places(Protocol):
    """Where attempts run."""

    def attempt(
        self, request: dict[str, Any], log: StepLog, logger: AnyLogger
    ) -> dict[str, Any]:
        """Run an attempt of a task and return how it ended.

        Args:
            request: Which task, which attempt, and from which inputs.
            log: Takes what the task writes.
            logger: The logger of its task run.
        """
        ...

    def spare(self) -> int:
        """Return how many attempts more than may run can begin, as they only wait."""
        ...

    def waits(self, task_id: str) -> bool:
        """Return whether an attempt of a task has only begun to wait."""
        ...

    def stop(self, number: int | None, grace: float) -> None:
        """Have all that runs elsewhere stopped."""
        ...

    def close(self) -> None:
        """Let go of what is needed no longer."""
        ...


class HerePlaces:
    """All attempts run in the host of this process."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def attempt(
        self, request: dict[str, Any], log: StepLog, _logger: AnyLogger
    ) -> dict[str, Any]:
        """Run an attempt of a task and return how it ended."""
        return self._host.attempt(request, log.write)

    def spare(self) -> int:
        """Return none: each begins at once."""
        return 0

    def waits(self, _task_id: str) -> bool:
        """Return that it does not: each begins at once."""
        return False

    def stop(self, number: int | None, grace: float) -> None:
        """Have nothing stopped: the host does that."""

    def close(self) -> None:
        """Let go of nothing."""
