"""Steps that run on the workers of Dask leave behind what a native run does."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from e2e.project import SOURCES, FlowFolder
from support import recorded
from support.case import Case
from support.cases import CASES
from support.compare import differences
from support.dask_cluster import DaskCluster, dask_cluster
from support.metadata_service import metadata_service
from support.run import native, prefect
from support.s3 import ACCESS, empty_bucket, s3_server
from support.snapshot import snapshot_of

FLOWS = Path(__file__).parents[1] / "flows"
EVERYDAY = ("graph-foreach_nested_2", "failure-retry_in_foreach", "failure-fail_in_foreach")
THOROUGH = (
    *("graph-linear", "graph-split_join", "graph-switch_in_foreach", "graph-loop"),
    *("graph-parallel", "graph-unbounded_foreach", "graph-foreach_many"),
    *("parameters-parameters_given", "parameters-include_file"),
    *("failure-catch_retry", "failure-timeouts", "failure-fail_raise", "failure-catch_killed"),
    *("decorators-environment", "decorators-card"),
)
one_cluster = pytest.mark.xdist_group("dask")
COMPARED = {str(case): case for case in CASES}


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


def placing(cluster: DaskCluster) -> dict[str, str]:
    return {
        "METAFLOW_PREFECT_TASK_RUNNER": f"dask:{cluster.address}",
        "METAFLOW_PREFECT_SHARED_FOLDER": "1",
    }


@one_cluster
@pytest.mark.parametrize(
    "case",
    [
        *(pytest.param(COMPARED[name], id=name) for name in EVERYDAY),
        *(
            pytest.param(COMPARED[name], id=name, marks=pytest.mark.thorough)
            for name in THOROUGH
            if name in COMPARED
        ),
    ],
)
def test_same_as_native(case: Case, tmp_path: Path, prefect_api: str, cluster: DaskCluster) -> None:
    native = recorded.NativeAnswer(case, tmp_path / "native", live=False)
    placed = replace(case, env={**case.env, **placing(cluster)})
    ours = prefect(placed, tmp_path / "prefect", prefect_api)
    told = ours.stdout[-4000:] + ours.stderr[-4000:]
    found = native.differences(snapshot_of(ours))
    assert not found, "\n".join([told, "Differences:", *found])


@pytest.fixture
def sleeper(tmp_path: Path, prefect_api: str) -> FlowFolder:
    folder = FlowFolder(tmp_path / "flow", SOURCES / "sleeper.py", PREFECT_API_URL=prefect_api)
    folder.create()
    return folder


@contextmanager
def running(
    folder: FlowFolder, cluster: DaskCluster
) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Hold a run whose steps have begun on workers; give its process, and those of the steps."""
    words = ("--task-runner", f"dask:{cluster.address}", "--shared-folder")
    with folder.start("out.py", "--run-id-file", "first", *words) as process:
        try:
            yield process, steps_of(folder, process)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def steps_of(folder: FlowFolder, process: subprocess.Popen[str]) -> list[int]:
    """Wait until both tasks of the foreach have told their process ids in a file."""
    while True:
        found = [int(f.name) for f in folder.path.glob("pid/*")]
        if len(found) == 2:
            return found
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        yield pid


def await_end(pids: list[int], seconds: float) -> None:
    end = time.monotonic() + seconds
    while any(map(is_alive, pids)):
        assert time.monotonic() < end, "steps are still running"
        time.sleep(0.2)


@one_cluster
def test_a_flow_that_is_killed_takes_the_steps_of_workers_along(
    sleeper: FlowFolder, cluster: DaskCluster
) -> None:
    with running(sleeper, cluster) as (process, pids):
        process.kill()
        process.wait()
        await_end(pids, 60)
    (sleeper.path / "awake").touch()
    run_id = (sleeper.path / "first").read_text()
    words = ("--task-runner", f"dask:{cluster.address}", "--shared-folder")
    done = sleeper.run("out.py", "--resume", run_id, *words)
    assert done.returncode == 0, done.stdout + done.stderr


@one_cluster
def test_ctrl_c_stops_the_steps_of_workers(sleeper: FlowFolder, cluster: DaskCluster) -> None:
    with running(sleeper, cluster) as (process, pids):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        assert process.returncode == 130
        await_end(pids, 30)


def test_a_worker_that_is_killed_fails_its_attempt(sleeper: FlowFolder, tmp_path: Path) -> None:
    with dask_cluster(tmp_path / "dask") as cluster, running(sleeper, cluster) as (process, pids):
        (sleeper.path / "awake").touch()  # for those that are tried again
        (worker,) = (one for one in cluster.workers if one.pid in ancestors(pids[0]))
        worker.kill()
        out, _ = process.communicate(timeout=240)
        assert "worker that ran it" in out
        assert process.returncode == 1
        await_end(pids, 60)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--task-runner", "dusk"], "The task runner 'dusk' is not known. Give dask"),
        (["--task-runner", "dask:tcp://127.0.0.1:9"], "or add --shared-folder, if"),
    ],
)
def test_a_runner_that_cannot_be_is_refused(tmp_path: Path, words: list[str], told: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py")
    done = folder.run(folder.create(), *words)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert told in line


def test_a_scheduler_that_is_not_there(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py", PREFECT_API_URL=prefect_api)
    folder.environment["DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT"] = "1s"
    words = ("--task-runner", "dask:tcp://127.0.0.1:9", "--shared-folder")
    done = folder.run(folder.create(), *words)
    assert done.returncode == 1
    assert "No scheduler of Dask answers at tcp://127.0.0.1:9" in done.stderr.splitlines()[-1]
    assert not list(tmp_path.glob(".metaflow/LinearFlow/*/start"))


@pytest.mark.xdist_group("metadata-service")
def test_workers_that_have_nothing_but_the_cloud(tmp_path: Path, prefect_api: str) -> None:
    """The flow's code comes as a package from S3; metadata are kept by a service."""
    (case,) = (case for case in CASES if str(case) == "graph-foreach_nested_2")
    with s3_server() as endpoint, metadata_service() as service:
        cloud = {**empty_bucket(endpoint), **service.settings()}
        with dask_cluster(tmp_path / "dask", **ACCESS) as cluster:
            runner = {"METAFLOW_PREFECT_TASK_RUNNER": f"dask:{cluster.address}"}
            expected = native(replace(case, env=cloud), tmp_path / "native")
            found = snapshot_of(expected)
            placed = replace(case, env=cloud | runner)
            ours = prefect(placed, tmp_path / "prefect", prefect_api)
            assert ours.code == 0, ours.stdout[-4000:] + ours.stderr[-4000:]
            lines = differences(found, snapshot_of(ours))
        assert not lines, "\n".join(lines)
        for worker in (tmp_path / "dask").glob("worker-?"):
            assert not list(worker.rglob("foreach_nested_2.py"))  # all was cleaned up


LOCAL = """
import json, sys
from metaflow import Run, namespace
namespace(None)
run = Run(sys.argv[1])
print(json.dumps([run.successful, sorted(step.id for step in run)]))
"""


def test_a_local_cluster(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "split_join.py", PREFECT_API_URL=prefect_api)
    done = folder.run(folder.create(), "--task-runner", "dask", "--run-id-file", "id")
    assert done.returncode == 0, done.stdout + done.stderr
    run_id = (tmp_path / "id").read_text()
    found = folder.run("-c", LOCAL, f"SplitJoinFlow/{run_id}")
    assert json.loads(found.stdout.splitlines()[-1])[0] is True
