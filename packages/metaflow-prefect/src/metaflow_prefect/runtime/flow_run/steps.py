"""The Prefect task of a step: one attempt of one Metaflow task."""

from __future__ import annotations

from typing import Any

from prefect import Task, get_run_logger
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.states import Completed, Failed

from .artifacts import ArtifactPublisher
from .host_client import Host
from .logs import RunLogs
from .scheduler import Finish, Unit


class StepFailed(Exception):
    """An attempt of a Metaflow task has failed.

    Args:
        message: Which task failed and how.
        final: Whether Metaflow forbids another attempt.
    """

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


class RunSession:
    """What all task runs of one flow run in this process share."""

    def __init__(self, host: Host, publisher: ArtifactPublisher, logs: RunLogs) -> None:
        self.host = host
        self.publisher = publisher
        self.logs = logs
        self.finishes: dict[str, Finish] = {}
        self.failures: dict[str, str] = {}
        self.given_up: set[str] = set()


def run_step(unit: Unit[Any]) -> State[Any] | None:
    """Run one attempt of a Metaflow task; the body of every step's Prefect task.

    Args:
        unit: The Metaflow task.

    Returns:
        Nothing if the attempt went well; a state called "Cached" if the task needed
        not run again; a failed state, rather than an exception whose traceback would
        show nothing but this file, if it failed.
    """
    context = TaskRunContext.get()
    assert context is not None
    session: RunSession = unit.run
    with session.logs.of_attempt(get_run_logger(), unit) as log:
        reply = session.host.attempt(
            {
                "step": unit.step,
                "task_id": unit.task_id,
                "index": unit.index,
                "input_paths": [path for path, _ in unit.inputs],
                "attempt": context.task_run.run_count - 1,
                "task_run_id": str(context.task_run.id),
                **unit.extras,
            },
            log.write,
        )
    if reply["state"] == "failed":
        message = _describe(unit, reply, log.last_error or log.last_words)
        session.failures[unit.task_id] = message
        if reply.get("give_up"):
            session.given_up.add(unit.task_id)
        failure = StepFailed(message, final=_final(reply))
        return Failed(message=message, data=failure)
    finish = Finish(**{name: reply[name] for name in Finish.__dataclass_fields__})
    session.finishes[unit.task_id] = finish
    session.publisher.task_finished(unit, finish, context.task_run.id)
    if reply["state"] in ("ran", "node"):
        return Completed(
            message=f"Metaflow task {session.publisher.flow}/{reply['path']}"
        )
    return Completed(name="Cached", message=f"{reply['state']}: {reply['path']}")


def may_retry(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell Prefect whether a failed attempt may be followed by another."""
    error = state.data
    return not (isinstance(error, StepFailed) and error.final)


def _final(reply: dict[str, Any]) -> bool:
    return bool(reply.get("final")) or reply["code"] is None


def _describe(unit: Unit[Any], reply: dict[str, Any], error: str) -> str:
    code = reply["code"]
    if code is None:
        how = reply["reason"]
    elif code < 0:
        how = f"killed by signal {-code}"
    else:
        how = f"exit code {code}"
    message = f"Step {unit.step} (task {unit.task_id}) failed: {how}"
    return f"{message}: {error}" if error else message
