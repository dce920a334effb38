"""Whether a run may be resumed, and what Prefect shows of it then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from ..facts import RUN_PREFIX, Parameter

STILL_RUNNING = (
    "Run {} is still running, as process {pid} of {host}. Wait for its end, or stop it."
)
TO_BE_CONTINUED = (
    "Run {} is {} in Prefect, which will go on with it. Wait for its end, or stop it "
    "by: prefect flow-run cancel {}"
)
MAY_BE_RUNNING = (
    "Run {} is {} in Prefect, and its process is not one of this machine. If you know "
    "that it has died, resume it with --origin-is-dead."
)
DIED = "The process of this run has died; the run was resumed by another one."


def running_origin(run_id: str, origin: Mapping[str, Any]) -> str | None:
    """Say so if the process of a run is alive on this machine.

    Args:
        run_id: The id of the run.
        origin: What its metadata says about its process.
    """
    is_running = origin["has_ended"] is False
    return STILL_RUNNING.format(run_id, **origin) if is_running else None


def origin_problem(run_id: str, origin: Mapping[str, Any]) -> str | None:
    """Say why a run cannot be resumed, if it is not over by what Prefect knows.

    What Prefect takes for running although its process is gone is over; Prefect is
    told. Of a run that Metaflow has started by itself nobody knows.

    Args:
        run_id: The id of the run.
        origin: What its metadata says about its process.

    Returns:
        What stands against it, and what to do.
    """
    with get_client(sync_client=True) as client:
        flow_run = _flow_run_of(client, run_id)
        if flow_run is None or flow_run.state is None or flow_run.state.is_final():
            return None
        state = flow_run.state
        name = str(state.name).lower()
        if not (state.is_running() or state.is_cancelling()):
            return TO_BE_CONTINUED.format(run_id, name, flow_run.id)
        if not origin["has_ended"]:
            return MAY_BE_RUNNING.format(run_id, name)
        client.set_flow_run_state(flow_run.id, _end_of(state), force=True)
    return None


def _flow_run_of(client: SyncPrefectClient, run_id: str) -> FlowRun | None:
    """Return the flow run that makes a Metaflow run, if this server has it."""
    try:
        return client.read_flow_run(UUID(run_id.removeprefix(RUN_PREFIX)))
    except (ObjectNotFound, ValueError):
        return None


def _end_of(state: State[Any]) -> State[Any]:
    return (Cancelled if state.is_cancelling() else Crashed)(message=DIED)


def values_of_origin(
    parameters: Sequence[Parameter], run_id: str, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what Prefect shows as the parameters of a resumed run.

    Args:
        parameters: The flow's parameters.
        run_id: The id of the run that is resumed.
        known: The values of its parameters by their names in Metaflow.

    Returns:
        The values by the names of the flow function's arguments.
    """
    values = {p.argument: known[p.name] for p in parameters if p.name in known}
    for parameter in parameters:
        if parameter.required:  # such as a file, whose name is not kept
            values.setdefault(parameter.argument, f"(as in run {run_id})")
    return values
