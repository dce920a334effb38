"""What Prefect shows of a run: task runs, their edges, logs, artifacts and states."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e.project import SOURCES, FlowFolder
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.sorting import LogSort, TaskRunSort
from prefect.settings import PREFECT_API_URL, temporary_settings
from support.cases import CASES
from support.run import Result, environment, prefect


@pytest.fixture
def client(prefect_api: str) -> Iterator[SyncPrefectClient]:
    with (
        temporary_settings({PREFECT_API_URL: prefect_api}),
        get_client(sync_client=True) as client,
    ):
        yield client


def run_case(name: str, folder: Path, api: str) -> Result:
    (case,) = (case for case in CASES if str(case) == name)
    return prefect(case, folder, api)


def flow_run_id(result: Result) -> Any:
    assert result.run_id is not None, result.stdout + result.stderr
    return flow_run_id_of(result.run_id)


def flow_run_id_of(run_id: str) -> Any:
    return run_id.removeprefix("prefect-")


def task_runs(client: SyncPrefectClient, result: Result) -> dict[str, Any]:
    return task_runs_of(client, flow_run_id(result))


def task_runs_of(client: SyncPrefectClient, flow_run: Any) -> dict[str, Any]:
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
    return {
        run.name: run
        for run in client.read_task_runs(
            flow_run_filter=chosen, sort=TaskRunSort.EXPECTED_START_TIME_ASC, limit=200, offset=0
        )
    }


def test_a_task_run_for_each_task_with_true_edges(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-foreach_list", tmp_path, prefect_api)
    runs = task_runs(client, result)
    assert set(runs) == {"start", "body[0] a", "body[1] None", "body[2] 3", "join", "end"}
    names = {run.id: name for name, run in runs.items()}
    edges = {
        name: {names[given.id] for inputs in run.task_inputs.values() for given in inputs}
        for name, run in runs.items()
    }
    bodies = {"body[0] a", "body[1] None", "body[2] 3"}
    assert edges == {
        "start": set(),
        **{name: {"start"} for name in bodies},
        "join": bodies,
        "end": {"join"},
    }


def test_nodes_of_parallel_have_task_runs(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-parallel", tmp_path, prefect_api)
    assert set(task_runs(client, result)) == {"start", "nodes[0]", "nodes[1]", "join", "end"}


def test_logs_have_fitting_levels(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("failure-fail_raise", tmp_path, prefect_api)
    chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run_id(result)]))
    logs = client.read_logs(chosen, limit=200, offset=0, sort=LogSort.TIMESTAMP_ASC)
    levels = {log.message: log.level for log in logs}
    assert levels["Traceback (most recent call last):"] == 40
    assert levels["ValueError: as wanted in middle: é"] == 40
    assert not any("NoneType: None" in log.message for log in logs)


def test_an_artifact_for_each_step_says_how_to_get_what_it_left(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-foreach_list", tmp_path, prefect_api)
    chosen = {"artifacts": {"flow_run_id": {"any_": [flow_run_id(result)]}}, "limit": 200}
    found = client.request("POST", "/artifacts/filter", json=chosen).json()
    artifacts = {artifact["description"]: artifact["data"] for artifact in found}
    run = f"ForeachListFlow/{result.run_id}"
    assert len(found) == len(artifacts)
    assert set(artifacts) == {"start", "body", "join", "end", f"Metaflow run {run}"}
    assert f"Task('{run}/start/start-0')" in str(artifacts["start"])
    assert f"for task in Step('{run}/body'):" in str(artifacts["body"])
    assert f"Run('{run}')" in str(artifacts[f"Metaflow run {run}"])
    snippet = str(artifacts["body"]).split("```python\n")[1].split("```")[0]
    printed = subprocess.run(
        [sys.executable, "-c", snippet],
        cwd=tmp_path,
        env=environment(result.case, tmp_path),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert len(printed.stdout.splitlines()) == 3


def test_attempts_are_retries_of_one_task_run(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("failure-retry_once", tmp_path, prefect_api)
    counts = sorted(run.run_count for run in task_runs(client, result).values())
    assert counts[-1] == 2
    assert counts[0] == 1


def test_a_task_runs_state_names_the_metaflow_task(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-linear", tmp_path, prefect_api)
    state = task_runs(client, result)["middle"].state
    assert state.message == f"Metaflow task LinearFlow/{result.run_id}/middle/middle-0"


def test_the_run_id_is_the_flow_runs(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-single_step", tmp_path, prefect_api)
    flow_run = client.read_flow_run(flow_run_id(result))
    assert flow_run.state is not None
    assert flow_run.state.is_completed()
    assert str(result.run_id) in str(flow_run.state.message)


def test_resources_limit_how_many_run_and_retry_waits(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "limited.py", PREFECT_API_URL=prefect_api)
    create = folder.run("limited.py", "prefect", "create", "out.py", "--concurrency-tag", "gpu")
    assert create.returncode == 0, create.stderr
    client.create_concurrency_limit("gpu", 1)
    try:
        done = folder.run("out.py", "--run-id-file", "id")
    finally:
        client.delete_concurrency_limit_by_tag("gpu")
    assert done.returncode == 0, done.stderr
    assert "overlap: False" in done.stderr
    assert "waited: True" in done.stderr
    runs = task_runs_of(client, flow_run_id_of((tmp_path / "id").read_text()))
    tags = {name.split()[0]: sorted(run.tags) for name, run in runs.items()}
    assert tags["train[0]"] == tags["train[1]"] == ["gpu", "gpu=1", "memory=16000"]
    assert tags["start"] == []
