"""What goes wrong around a run, or comes all at once: the run goes on, or ends as it should."""

import os
import re
import select
import signal
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from bench.measure import descendants
from e2e.project import SOURCES, FlowFolder
from e2e.scheduler import make_pool, own_pool
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
)
from prefect.client.schemas.objects import StateType
from support.cases import CASES
from support.outage import door_to
from support.recorded import NativeAnswer
from support.run import ENGINE, FLOWS, LIMIT
from support.snapshot import Snapshot, snapshot
from support.wait import until, until_exists

POOL = own_pool("fault-tests")


def test_two_runs_at_once_in_one_folder(tmp_path: Path, prefect_api: str) -> None:
    (case,) = (case for case in CASES if str(case) == "graph-foreach_list")
    native = NativeAnswer(case, tmp_path / "native", live=False)
    folder = FlowFolder(tmp_path / "größe 日本 🙂", FLOWS / case.file, PREFECT_API_URL=prefect_api)
    output = folder.create()
    runs = [folder.start(output, "--run-id-file", f"id-{number}") for number in range(2)]
    said = [run.communicate(timeout=LIMIT)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    for number in range(2):
        left = snapshot(folder.path, case, (folder.path / f"id-{number}").read_text())
        ours = Snapshot({**left.facts, "command: succeeded": "True"})
        found = native.differences(ours)
        assert not found, "\n".join(found)


def test_twenty_tasks_at_once_on_a_limit_of_four(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "crowd.py", PREFECT_API_URL=prefect_api)
    done = folder.run("crowd.py", "prefect", "create", "out.py", "--concurrency-tag", "memory")
    assert done.returncode == 0, done.stderr
    client.create_concurrency_limit("memory", 4)
    try:
        done = folder.run("out.py", "--max-workers", "20", limit=LIMIT)
    finally:
        client.delete_concurrency_limit_by_tag("memory")
    assert done.returncode == 0, done.stderr
    found = re.search(r"most together: (\d+) of 20", done.stderr)
    assert found
    assert int(found[1]) <= 4


LEFT = """
import json, sys
from metaflow import Run, namespace
namespace(None)
print(json.dumps(sorted(
    [step.id, sorted([artifact.id, artifact.data] for artifact in task)]
    for step in Run(f"SleeperFlow/{sys.argv[1]}") for task in step
)))
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux's pidfd_open")
def test_killed_in_a_foreach_and_retried(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    """As a system does it that has no memory left, of a run that a worker has started."""
    make_pool(prefect_api, POOL, engine=ENGINE)
    folder = FlowFolder(tmp_path, SOURCES / "sleeper.py", PREFECT_API_URL=prefect_api)
    done = folder.run("sleeper.py", "prefect", "create", "--work-pool", POOL)
    assert done.returncode == 0, done.stderr
    deployment = client.read_deployment_by_name("SleeperFlow/default")
    run = client.create_flow_run_from_deployment(deployment.id)

    def task_runs() -> dict[str, Any]:
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
        return {str(one.id): one for one in client.read_task_runs(flow_run_filter=chosen)}

    def messages_of(**what: UUID) -> list[str]:
        chosen = LogFilter.model_validate({name: {"any_": [id_]} for name, id_ in what.items()})
        return [record.message for record in client.read_logs(chosen)]

    def asleep() -> list[str]:
        """The two task runs that sleep, once Prefect shows them as running."""
        found = [id_ for id_, one in task_runs().items() if one.state_name == "Running"]
        return found if len(found) == 2 else []

    with folder.start("-m", "prefect", "worker", "start", "--pool", POOL) as worker:
        try:
            assert worker.stdout is not None
            pids = [
                pid
                for line in islice((line for line in worker.stdout if "pids" in line), 2)
                for pid in map(int, line.split("pids")[1].split())
            ]
            left = until(asleep)
            ends = [os.pidfd_open(pid) for pid in pids]
            os.kill(flow_process(worker.pid, run.id), signal.SIGKILL)
            for end in ends:
                assert select.select([end], [], [], LIMIT)[0], "a process of a step is left"
                os.close(end)
            # Prefect's worker says so twice, over whatever state there is then; then this
            until(
                lambda: any(
                    "exceeded its memory" in line for line in messages_of(flow_run_id=run.id)
                )
            )
            assert client.read_flow_run(run.id).state_name == "Crashed"
            assert {task_runs()[one].state_name for one in left} == {"Running"}  # who would say so?
            (tmp_path / "awake").touch()
            retried = folder.run("sleeper.py", "prefect", "retry", f"prefect-{run.id}")
            assert retried.returncode == 0, retried.stderr
            until(lambda: client.read_flow_run(run.id).state_name == "Completed")
        finally:
            worker.send_signal(signal.SIGINT)
            worker.communicate(timeout=LIMIT)
    until(lambda: all(one.state_type == StateType.COMPLETED for one in task_runs().values()))
    assert len(task_runs()) == 5, "those of the second attempt are the same"
    for one in left:
        of_one = {"task_run_id": one}
        history = client.request("GET", "/task_run_states/", params=of_one).json()
        assert "Stopped" in {state["name"] for state in history}
        log = messages_of(task_run_id=UUID(one))
        assert any("Finished in state Completed" in line for line in log), "of the same task run"
    native = folder.run("sleeper.py", "run", "--run-id-file", "native")
    assert native.returncode == 0, native.stderr
    ids = ((tmp_path / "native").read_text(), f"prefect-{run.id}")
    expected, found = (folder.run("-c", LEFT, one).stdout for one in ids)
    assert '["total", 6]' in expected
    assert found == expected


def flow_process(worker: int, flow_run: UUID) -> int:
    """The process in which a worker runs the flow of a flow run."""
    mark = f"PREFECT__FLOW_RUN_ID={flow_run}".encode()
    own = (pid for pid in descendants(worker) if mark in Path(f"/proc/{pid}/environ").read_bytes())
    return next(own)


@pytest.mark.parametrize("launcher", ["warm", "fresh"])
def test_a_process_that_a_step_leaves_behind_holds_nothing_up(
    tmp_path: Path, prefect_api: str, launcher: str
) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "leaves_daemon.py", PREFECT_API_URL=prefect_api)
    done = folder.run(folder.create(), "--holds", "true", f"--launcher={launcher}", limit=LIMIT)
    assert done.returncode == 0, done.stderr
    assert "it has been ended" in done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("seconds", [20, 90])
def test_the_server_is_away_for_a_while(tmp_path: Path, prefect_api: str, seconds: int) -> None:
    with door_to(prefect_api) as door:
        source = SOURCES / "talkative.py"
        folder = FlowFolder(tmp_path, source, PREFECT_API_URL=door.url)
        place = tmp_path / "place"
        with folder.start(folder.create(), "--wait", str(place)) as run:
            until_exists(place.with_name("place.ready"))
            door.shut()
            select.select([], [], [], seconds / 2)  # this long
            place.with_name("place.go").touch()
            select.select([], [], [], seconds / 2)
            door.open()
            output, _ = run.communicate(timeout=LIMIT)
    assert run.returncode == 0, output
