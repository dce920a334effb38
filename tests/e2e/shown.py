"""What Prefect shows of a run, asked for by its API."""

from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.sorting import LogSort, TaskRunSort
from support.cases import CASES
from support.run import Result, prefect
from support.wait import until


def run_case(name: str, folder: Path, api: str) -> Result:
    (case,) = (case for case in CASES if str(case) == name)
    return prefect(case, folder, api)


def flow_run_id(result: Result) -> Any:
    assert result.run_id is not None, result.stdout + result.stderr
    return flow_run_id_of(result.run_id)


def flow_run_id_of(run_id: str) -> Any:
    return run_id.removeprefix("prefect-")


def task_runs(client: SyncPrefectClient, result: Result, *names: str) -> dict[str, Any]:
    return ended_task_runs(client, flow_run_id(result), *names)


def ended_task_runs(client: SyncPrefectClient, flow_run: Any, *names: str) -> dict[str, Any]:
    """The task runs of a run that has ended, once Prefect, which takes its time, shows them so.

    Args:
        client: A client of the server.
        flow_run: The flow run's id.
        names: Of task runs that must be among them.
    """

    def shown() -> dict[str, Any]:
        runs = task_runs_of(client, flow_run)
        ended = all(run.state is not None and run.state.is_final() for run in runs.values())
        return runs if ended and runs.keys() >= set(names) else {}

    return until(shown)


def task_runs_of(client: SyncPrefectClient, flow_run: Any) -> dict[str, Any]:
    """The task runs of a flow run, by their names without Metaflow's ids."""
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
    return {
        run.name.partition(" (")[0]: run
        for run in client.read_task_runs(
            flow_run_filter=chosen, sort=TaskRunSort.EXPECTED_START_TIME_ASC, limit=200, offset=0
        )
    }


def logs_of(client: SyncPrefectClient, result: Result) -> list[Any]:
    chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run_id(result)]))
    return list(client.read_logs(chosen, limit=200, offset=0, sort=LogSort.TIMESTAMP_ASC))


def artifacts_of(client: SyncPrefectClient, run_id: str) -> dict[str, str]:
    of_run = ArtifactFilterFlowRunId(any_=[flow_run_id_of(run_id)])
    found = client.read_artifacts(artifact_filter=ArtifactFilter(flow_run_id=of_run))
    assert len({artifact.key for artifact in found}) == len(found)
    return {str(artifact.key): str(artifact.data) for artifact in found}
