"""The states that Prefect's pages show of task runs, and what their messages say."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Crashed, Failed

from .scheduler import Finish, Unit
from .tracebacks import StepError, shortened, stored_error

# What the system says of a disk that is full, over its quota or read-only.
STORAGE_ERROR = re.compile(r"\[Errno (?:28|30|122)\]")
# Signals by which a system ends a process; the others are a program's own fault.
SYSTEM_SIGNALS = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP}


class StepFailed(Exception):
    """An attempt of a Metaflow task has failed.

    Args:
        message: Which task failed and how.
        final: Whether Metaflow forbids another attempt.
    """

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


@dataclass(frozen=True)
class Failure:
    """A failed attempt, as Prefect's pages show it.

    Args:
        unit: The Metaflow task.
        task_run_id: Its Prefect task run.
        message: What its state says.
        error: The exception, if it was one.
        last_lines: What it wrote last on standard error.
        attempt: How many attempts there were before.
    """

    unit: Unit[Any]
    task_run_id: UUID
    message: str
    error: StepError | None = None
    last_lines: Sequence[str] = field(default=())
    attempt: int = 0


def finished_state(
    unit: Unit[Any], flow: str, how: str, finish: Finish, hidden: str
) -> State[Any]:
    """Return the state of a task that has finished well.

    Args:
        unit: The Metaflow task.
        flow: The name of the flow.
        how: Whether it "ran", is a "node" of another, or was found as it is.
        finish: What it said.
        hidden: The folder of the Metaflow package.
    """
    if finish.caught:
        error = stored_error(dict(finish.caught), hidden)
        return Completed(name="Caught", message=located(error, unit))
    if how in ("ran", "node"):
        return Completed(message=f"Metaflow task {flow}/{finish.path}")
    return Completed(name="Cached", message=f"{how}: {finish.path}")


def failed_state(failure: Failure, *, final: bool, by_system: bool) -> State[Any]:
    """Return the state of a task that has failed.

    Args:
        failure: How it failed.
        final: Whether Metaflow forbids another attempt.
        by_system: Whether it was not the task that failed, but what it runs on.
    """
    error = StepFailed(failure.message, final=final)
    state = Crashed if by_system and failure.error is None else Failed
    return state(message=failure.message, data=error)


def ended_by_system(code: int | None) -> bool:
    """Return whether an exit code tells of a signal that a process does not cause."""
    return code is not None and -code in SYSTEM_SIGNALS


def stopped_state(reason: str) -> State[Any]:
    """Return the state of a task that was stopped for another's or a person's sake."""
    return Cancelled(name="Stopped", message=f"stopped, because {reason}")


def failure_message(
    unit: Unit[Any],
    reply: Mapping[str, Any],
    error: StepError | None,
    last_words: str,
) -> str:
    """Return what the state of a failed attempt says; the error comes first."""
    code = reply["code"]
    if error is not None:
        return located(error, unit)
    if code is None:
        return f"{shortened(str(reply['reason']))} in {unit}"
    how = f"Exit code {code}"
    if code < 0:
        how = f"Killed by signal {-code}"
        if -code in signal.valid_signals() and -code < signal.SIGRTMIN:
            how += f" ({signal.Signals(-code).name})"
    message = f"{how} in {unit}"
    return f"{message}: {shortened(last_words)}" if last_words else message


def with_storage(message: str, reply: Mapping[str, Any]) -> str:
    """Add to a message where the run's data is, if that may be what has failed."""
    if STORAGE_ERROR.search(message) and reply.get("storage"):
        return f"{message}. Metaflow writes to the {reply['storage']}."
    return message


def located(error: StepError, unit: Unit[Any]) -> str:
    """Return an error with the task that it happened in and the line of code."""
    place = f", {error.place}" if error.place else ""
    return f"{error.headline} in {unit}{place}"
