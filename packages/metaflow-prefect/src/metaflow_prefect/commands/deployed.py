"""Which deployment on the server, or which run of it, a command of a flow's file is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from metaflow import current

from metaflow_prefect.commands.group import chosen_name
from metaflow_prefect.deploy.description import DEFAULT_NAME, checked_name, full_name
from metaflow_prefect.errors import OperationProblem

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

    from metaflow_prefect.deploy.known import Known
    from metaflow_prefect.deploy.operations import Operator


def deployed_name(obj: Any) -> str:
    """Return the full name of the deployment that the command line means.

    Args:
        obj: Metaflow's command line state.

    Raises:
        UsageProblem: Prefect does not allow the name that the user has given.
    """
    project, branch = current.get("project_name"), current.get("branch_name")
    usual = ".".join(part for part in (project, branch) if part) or DEFAULT_NAME
    return full_name(obj.flow.name, checked_name(chosen_name(obj) or usual))


@contextmanager
def found_run(obj: Any, run_id: str) -> Iterator[tuple[Operator, Known, FlowRun]]:
    """Find a run that the command line names, and the deployment that it belongs to.

    Args:
        obj: Metaflow's command line state.
        run_id: The id of the Metaflow run.

    Yields:
        What operates it, its deployment, and the run.

    Raises:
        OperationProblem: There is no such run, or it is of another flow, project or branch.
    """
    from metaflow_prefect.deploy.operations import operator  # noqa: PLC0415

    with operator() as server:
        run = server.run(run_id)
        deployment = server.deployment_of(run)
        _check_flow(obj, run_id, deployment)
        yield server, deployment, run


def _check_flow(obj: Any, run_id: str, deployment: Known) -> None:
    if deployment.flow != obj.flow.name:
        raise OperationProblem(
            f"The run {run_id} belongs to the flow {deployment.flow}, not to {obj.flow.name}.",
            "Use the file of that flow.",
        )
    record = deployment.record
    if obj.deployment_name or record.project is None:
        return
    if record.project != current.get("project_name"):
        raise OperationProblem(
            f"The run {run_id} belongs to the project {record.project}.",
            "Use the project decorator or --name to target the correct project.",
        )
    if record.branch != current.get("branch_name"):
        raise OperationProblem(
            f"The run {run_id} belongs to the branch {record.branch}.",
            "Use --branch, --production or --name to target the correct branch.",
        )
