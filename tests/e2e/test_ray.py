"""Steps that run on the workers of Ray leave behind what a native run does."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.placing import COMPARED, ancestors, await_end, placed_as_native, running
from e2e.project import SOURCES, FlowFolder
from support.case import Case
from support.ray_cluster import RayCluster, ray_cluster

pytest.importorskip("ray", reason="Ray is not installed: hatch run ray:test")
pytestmark = pytest.mark.xdist_group("ray")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    with ray_cluster(tmp_path_factory.mktemp("ray") / "node") as cluster:
        yield cluster


@pytest.fixture
def sleeper(tmp_path: Path, prefect_api: str, cluster: RayCluster) -> FlowFolder:
    variables = {"PREFECT_API_URL": prefect_api, **cluster.settings}
    folder = FlowFolder(tmp_path / "flow", SOURCES / "sleeper.py", **variables)
    folder.create()
    return folder


@pytest.mark.parametrize("case", COMPARED)
def test_same_as_native(case: Case, tmp_path: Path, prefect_api: str, cluster: RayCluster) -> None:
    placed_as_native(case, tmp_path, prefect_api, cluster.runner, **cluster.settings)


def test_a_flow_that_is_killed_takes_the_steps_of_workers_along(
    sleeper: FlowFolder, cluster: RayCluster
) -> None:
    with running(sleeper, cluster.runner) as (process, pids):
        process.kill()
        process.wait()
        await_end(pids, 90)
    (sleeper.path / "awake").touch()
    run_id = (sleeper.path / "first").read_text()
    words = ("--task-runner", cluster.runner, "--shared-folder")
    done = sleeper.run("out.py", "--resume", run_id, *words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ctrl_c_stops_the_steps_of_workers(sleeper: FlowFolder, cluster: RayCluster) -> None:
    with running(sleeper, cluster.runner) as (process, pids):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        assert process.returncode == 130
        await_end(pids, 30)


def test_a_worker_that_is_killed_fails_its_attempt(
    sleeper: FlowFolder, cluster: RayCluster
) -> None:
    with running(sleeper, cluster.runner) as (process, pids):
        (sleeper.path / "awake").touch()  # for those that are tried again
        names = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in ancestors(pids[0])}
        worker, *_ = (pid for pid, name in names.items() if name.startswith("ray::"))
        os.kill(worker, signal.SIGKILL)
        out, _ = process.communicate(timeout=240)
        assert "worker that ran it" in out
        assert process.returncode == 1
        await_end(pids, 60)


def test_a_cluster_that_is_made_here(tmp_path: Path, prefect_api: str) -> None:
    waits = {"RAY_raylet_start_wait_time_s": "240", "RAY_USAGE_STATS_ENABLED": "0"}
    flow = Path(__file__).parents[1] / "flows" / "split_join.py"
    folder = FlowFolder(tmp_path, flow, PREFECT_API_URL=prefect_api, **waits)
    done = folder.run(folder.create(), "--task-runner", "ray")
    assert done.returncode == 0, done.stdout + done.stderr
