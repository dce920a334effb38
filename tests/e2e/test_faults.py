"""What goes wrong around a run, or comes all at once: the run goes on, or ends as it should."""

import os
import re
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from e2e.project import SOURCES, FlowFolder
from e2e.scheduler import own_pool
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling
from support.cases import CASES
from support.outage import door_to
from support.recorded import NativeAnswer
from support.run import FLOWS, LIMIT
from support.snapshot import Snapshot, snapshot
from support.wait import until, until_exists

POOL = own_pool("fault-tests")


@pytest.fixture
def client(prefect_api: str) -> Iterator[SyncPrefectClient]:
    with (
        temporary_settings({PREFECT_API_URL: prefect_api}),
        get_client(sync_client=True) as client,
    ):
        yield client


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


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux's pidfd_open")
def test_cancelled_in_a_foreach(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    """As somebody does it in Prefect's pages, of a run that a worker has started."""
    with suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    folder = FlowFolder(tmp_path, SOURCES / "sleeper.py", PREFECT_API_URL=prefect_api)
    done = folder.run("sleeper.py", "prefect", "create", "--work-pool", POOL)
    assert done.returncode == 0, done.stderr
    deployment = client.read_deployment_by_name("SleeperFlow/default")
    run = client.create_flow_run_from_deployment(deployment.id)
    pids: list[int] = []
    with folder.start("-m", "prefect", "worker", "start", "--pool", POOL) as worker:
        try:
            assert worker.stdout is not None
            for line in worker.stdout:
                if found := re.search(r"pids (\d+) (\d+)", line):
                    pids += map(int, found.groups())
                if len(pids) == 4:
                    break
            ends = [os.pidfd_open(pid) for pid in pids]
            client.set_flow_run_state(run.id, Cancelling())
            for end in ends:
                assert select.select([end], [], [], LIMIT)[0], "a process of a step is left"
                os.close(end)
            until(lambda: client.read_flow_run(run.id).state_name == "Cancelled")
        finally:
            worker.send_signal(signal.SIGINT)
            worker.communicate(timeout=LIMIT)


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
