"""Operate runs of deployments."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, Log, State, StateType
from prefect.client.schemas.sorting import LogSort
from prefect.settings import get_current_settings
from prefect.states import Cancelled, Cancelling, Paused, Scheduled

from metaflow_prefect.errors import OperationProblem
from metaflow_prefect.runtime.facts import RUN_PREFIX

PAGE = 200  # objects in one answer of the server
# Argo's words for the states of a run, which are those of Metaflow's other schedulers too.
STATUS = {
    StateType.SCHEDULED: "Pending",
    StateType.PENDING: "Pending",
    StateType.RUNNING: "Running",
    StateType.PAUSED: "Running",
    StateType.CANCELLING: "Running",
    StateType.COMPLETED: "Succeeded",
    StateType.FAILED: "Failed",
    StateType.CRASHED: "Failed",
    StateType.CANCELLED: "Failed",
}
ENDED = ("Succeeded", "Failed")
POLL = 2.0  # seconds between looks at a run that is awaited


def status_of(run: FlowRun) -> str:
    """Return the state of a run in Metaflow's words for it.

    Args:
        run: The Prefect flow run.
    """
    return STATUS[run.state.type] if run.state else "Pending"


def run_id_of(run: FlowRun) -> str:
    """Return the id of the Metaflow run of a flow run.

    Args:
        run: The Prefect flow run.
    """
    return f"{RUN_PREFIX}{run.id}"


def page_of(run: FlowRun) -> str | None:
    """Return the address of a run's page in Prefect, if it is known.

    Args:
        run: The Prefect flow run.
    """
    ui = get_current_settings().ui_url
    return f"{ui.rstrip('/')}/runs/flow-run/{run.id}" if ui else None


class RunOperator:
    """Operates runs of a Prefect server.

    Args:
        client: The connection.
    """

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client

    def suspend(self, run: FlowRun) -> None:
        """Have a run start no further steps, until it is unsuspended.

        Args:
            run: The run.

        Raises:
            OperationProblem: It has ended.
        """
        if run.state is not None and run.state.is_paused():
            return
        self._change(run, Paused(message="Suspended."), "suspended")

    def unsuspend(self, run: FlowRun) -> None:
        """Have a suspended run go on.

        Args:
            run: The run.

        Raises:
            OperationProblem: It is not suspended.
        """
        if run.state is None or not run.state.is_paused():
            raise OperationProblem(
                f"The run {run_id_of(run)} is not suspended: it is {_state(run)}.", ""
            )
        answer = self._client.resume_flow_run(run.id)
        if answer.status.value != "ACCEPT" and self._is_still(run):
            reason = getattr(answer.details, "reason", answer.status.value)
            raise OperationProblem(f"The run {run_id_of(run)} cannot go on: {reason}")

    def terminate(self, run: FlowRun) -> None:
        """Stop a run and all of its steps.

        Args:
            run: The run.

        Raises:
            OperationProblem: It has ended.
        """
        if status_of(run) in ENDED:
            raise OperationProblem(
                f"The run {run_id_of(run)} has ended already: it is {_state(run)}."
            )
        # Nothing runs yet, so that nobody would see that it is to be stopped.
        is_waiting = run.state is None or run.state.is_scheduled()
        self._change(run, Cancelled() if is_waiting else Cancelling(), "terminated")

    def retry(self, run: FlowRun) -> None:
        """Have a run that failed go on where it failed, as the same run.

        Args:
            run: The run.

        Raises:
            OperationProblem: It has not failed.
        """
        if status_of(run) != "Failed":
            raise OperationProblem(
                f"The run {run_id_of(run)} has not failed: it is {_state(run)}.",
                "Start another one by `prefect trigger`.",
            )
        state: State[Any] = Scheduled(name="AwaitingRetry", message="Retried.")
        self._change(run, state, "retried", force=True)

    def _change(self, run: FlowRun, state: State[Any], what: str, *, force: bool = False) -> None:
        answer = self._client.set_flow_run_state(run.id, state, force=force)
        if answer.status.value != "ACCEPT" and self._is_still(run):
            reason = getattr(answer.details, "reason", None) or answer.status.value
            raise OperationProblem(f"The run {run_id_of(run)} cannot be {what}: {reason}")

    def _is_still(self, run: FlowRun) -> bool:
        """Return whether a run is as it was: what was refused may be the second of two requests."""
        now = self._client.read_flow_run(run.id).state
        return (now and now.type) == (run.state and run.state.type)

    def logs(self, run: FlowRun, seen: int = 0) -> Sequence[Log]:
        """Return what a run has logged, and its steps.

        Args:
            run: The run.
            seen: How many lines are known already.
        """
        chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id]))
        found: list[Log] = []
        while page := self._client.read_logs(
            chosen, limit=PAGE, offset=seen + len(found), sort=LogSort.TIMESTAMP_ASC
        ):
            found += page
        return found

    def wait(self, run: FlowRun, report: Callable[[str], None]) -> FlowRun:
        """Wait for the end of a run.

        Args:
            run: The run.
            report: Called with each state that it comes to.

        Returns:
            The run as it ended.
        """
        told_last = ""
        while True:
            run = self._client.read_flow_run(run.id)
            if (state := _state(run)) != told_last:
                report(state)
                told_last = state
            if status_of(run) in ENDED:
                return run
            time.sleep(POLL)


def _state(run: FlowRun) -> str:
    return run.state.name or run.state.type.value if run.state else "Pending"
