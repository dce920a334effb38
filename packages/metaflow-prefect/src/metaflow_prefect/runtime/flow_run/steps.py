"""The Prefect task of a step: one attempt of one Metaflow task."""

from __future__ import annotations

import threading
from typing import Any

from prefect import Task, get_run_logger
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext

from .artifacts import RunPages
from .logs import RunLogs, StepLog
from .placing import PlacedLog, Places
from .scheduler import Finish, Unit
from .states import (
    Failure,
    StepFailed,
    ended_by_system,
    failed_state,
    failure_message,
    finished_state,
    stopped_state,
    with_storage,
)
from .tracebacks import stored_error


class RunSession:
    """What all task runs of one flow run in this process share.

    Args:
        places: Where attempts run.
        pages: Tells Prefect's pages of it.
        logs: Takes what their steps write.
        flow: The name of the flow.
        metaflow_folder: The folder of the Metaflow package.
    """

    def __init__(
        self,
        places: Places,
        pages: RunPages,
        logs: RunLogs,
        flow: str,
        metaflow_folder: str,
    ) -> None:
        self.places = places
        self.pages = pages
        self.logs = logs
        self.flow = flow
        self.metaflow_folder = metaflow_folder
        self.finishes: dict[str, Finish] = {}
        self.failures: dict[str, Failure] = {}
        self.given_up: set[str] = set()
        self._stopping = threading.Lock()
        self._stop_reason = ""

    @property
    def stop_reason(self) -> str:
        """Why what still runs is being stopped; empty while nothing is."""
        return self._stop_reason

    def stop(self, reason: str) -> bool:
        """Tell why all that still runs is stopped; return whether it is news."""
        with self._stopping:
            is_first = not self._stop_reason
            self._stop_reason = self._stop_reason or reason
        return is_first


def run_step(unit: Unit[Any]) -> State[Any] | None:
    """Run one attempt of a Metaflow task; the body of every step's Prefect task.

    Args:
        unit: The Metaflow task.

    Returns:
        A completed state that names the task: called "Cached" if it needed not run
        again, "Caught" if `@catch` had to end it. A failed state, rather than an
        exception whose traceback would show nothing but this file, if it failed, and a
        cancelled one called "Stopped" if it was not its own fault.
    """
    context = TaskRunContext.get()
    assert context is not None
    session: RunSession = unit.run
    logger = get_run_logger()
    with session.logs.of_attempt(logger, unit.step, unit.task_id) as log:
        reply = session.places.attempt(
            {
                "step": unit.step,
                "task_id": unit.task_id,
                "index": unit.index,
                "input_paths": [path for path, _ in unit.inputs],
                "attempt": context.task_run.run_count - 1,
                "task_run_id": str(context.task_run.id),
                "describe": session.pages.wants(unit),
                **unit.extras,
            },
            log,
            logger,
        )
        if reply["state"] == "failed":
            said = PlacedLog.of(reply) or log
            return _failed(unit, reply, context.task_run, context.task.retries, said)
    known = (name for name in Finish.__dataclass_fields__ if name in reply)
    finish = Finish(**{name: reply[name] for name in known})
    session.finishes[unit.task_id] = finish
    session.pages.task_finished(unit, finish, context.task_run.id)
    return finished_state(
        unit, session.flow, reply["state"], finish, session.metaflow_folder
    )


def _failed(
    unit: Unit[Any],
    reply: dict[str, Any],
    task_run: TaskRun,
    retries: int,
    log: StepLog | PlacedLog,
) -> State[Any]:
    session: RunSession = unit.run
    code, stored = reply["code"], reply.get("error")
    is_gone = code is None and reply.get("gone")
    if is_gone and not session.stop(f"{unit.place} has lost its Metaflow process"):
        reply["stopped"] = True
    if reply.get("stopped") and session.stop_reason:
        return stopped_state(session.stop_reason)
    error = stored_error(stored, session.metaflow_folder) if stored else None
    log.end(error, (stored or {}).get("trace") or "")
    error = error or log.error
    failure = Failure(
        unit,
        task_run.id,
        with_storage(failure_message(unit, reply, error, log.last_words), reply),
        error,
        log.last_lines,
        task_run.run_count - 1,
    )
    session.failures[unit.task_id] = failure
    if reply.get("give_up"):
        session.given_up.add(unit.task_id)
    is_lost = bool(reply.get("lost"))  # with its worker; another one may do it
    final = bool(reply.get("final")) or (code is None and not is_lost)
    is_last = final or task_run.run_count > retries
    if is_last:
        session.pages.task_failed(failure)
    by_system = is_last and (bool(is_gone) or is_lost or ended_by_system(code))
    return failed_state(failure, final=final, by_system=by_system)


def may_retry(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell Prefect whether a failed attempt may be followed by another."""
    error = state.data
    return not (isinstance(error, StepFailed) and error.final)
