"""Steps that run on the workers of Dask or Ray leave behind what a native run does."""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from e2e.placing import (
    COMPARED,
    ancestors,
    await_end,
    placed_as_native,
    running,
)
from e2e.project import SOURCES, FlowFolder
from e2e.scheduler import Flows, client_of, make_pool, own_pool, worker
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from support.case import Case
from support.cases import CASES
from support.dask_cluster import DaskCluster, dask_cluster
from support.ray_cluster import ray_cluster
from support.run import LIMIT
from support.wait import until

FLOWS = Path(__file__).parents[1] / "flows"
SHARED = {"METAFLOW_PREFECT_SHARED_CALL": "20"}  # also where a short task takes long
LOST = "the worker that ran it was lost"
# What Metaflow's scheduler would add to the log of an attempt, which was lost with the worker.
UNSAID = r"work: attempt 0: stderr: native 'Task failed.\n', ours ''"
NO_RAY = "Ray is not installed: hatch run ray:test"
ENGINES = [
    pytest.param("dask", marks=pytest.mark.xdist_group("dask")),
    pytest.param(
        "ray",
        marks=[
            pytest.mark.xdist_group("ray"),
            pytest.mark.skipif(find_spec("ray") is None, reason=NO_RAY),
        ],
    ),
]


@dataclass
class Cluster:
    """Workers of one of the engines.

    Attributes:
        runner: What `--task-runner` takes.
        settings: The environment variables by which a client may reach it.
        dask: Its processes, where they are ours; Ray itself replaces a worker.
    """

    runner: str
    settings: dict[str, str] = field(default_factory=dict)
    dask: DaskCluster | None = None

    def worker_of(self, pid: int) -> int:
        """Which worker a process is below of."""
        if self.dask:
            known = {one.pid for one in self.dask.workers}
            return next(above for above in ancestors(pid) if above in known)
        names = {above: Path(f"/proc/{above}/cmdline").read_text() for above in ancestors(pid)}
        return next(above for above in names if names[above].startswith("ray::"))

    def replace_lost(self) -> None:
        """Start as many workers as have ended."""
        if self.dask:
            self.dask.replace_lost()


@pytest.fixture(scope="module", params=ENGINES)
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "dask":
        with dask_cluster(folder) as dask:
            yield Cluster(f"dask:{dask.address}", dask=dask)
    else:
        with ray_cluster(folder / "node") as ray:
            yield Cluster(ray.runner, ray.settings)


@pytest.fixture
def sleeper(tmp_path: Path, prefect_api: str, cluster: Cluster) -> FlowFolder:
    variables = {"PREFECT_API_URL": prefect_api, **cluster.settings}
    folder = FlowFolder(tmp_path / "flow", SOURCES / "sleeper.py", **variables)
    folder.create()
    return folder


def task_runs(api: str, run_id: str) -> list[Any]:
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run_id.removeprefix("prefect-"))]))
    with client_of(api) as client:
        return client.read_task_runs(flow_run_filter=chosen)


@pytest.mark.parametrize("case", COMPARED)
def test_same_as_native(case: Case, tmp_path: Path, prefect_api: str, cluster: Cluster) -> None:
    placed_as_native(case, tmp_path, prefect_api, cluster.runner, **cluster.settings)


def test_a_flow_that_is_killed_takes_the_steps_of_workers_along(
    sleeper: FlowFolder, cluster: Cluster
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


def test_ctrl_c_stops_the_steps_of_workers(sleeper: FlowFolder, cluster: Cluster) -> None:
    with running(sleeper, cluster.runner) as (process, pids):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT)
        assert process.returncode == 130
        await_end(pids, 30)


def test_a_worker_that_is_killed_fails_its_attempt(
    sleeper: FlowFolder, cluster: Cluster, prefect_api: str
) -> None:
    with running(sleeper, cluster.runner) as (process, pids):
        lost = cluster.worker_of(pids[0])
        os.kill(lost, signal.SIGKILL)
        out, _ = process.communicate(timeout=LIMIT)
        assert LOST in out
        assert process.returncode == 1
        await_end(pids, 60)
    cluster.replace_lost()
    runs = task_runs(prefect_api, (sleeper.path / "first").read_text())
    states = {run.name: (run.state.type.value, run.state.message) for run in runs}
    (red,) = (states[name] for name in states if states[name][0] in ("FAILED", "CRASHED"))
    assert LOST in red[1]


def test_a_step_whose_worker_is_killed_is_tried_again(
    tmp_path: Path, prefect_api: str, cluster: Cluster
) -> None:
    case = Case(
        id="lost_worker",
        group="failure",
        file="lost_worker.py",
        flow="LostWorkerFlow",
        source=(SOURCES / "lost_worker.py").read_text(),
    )
    ours = placed_as_native(
        case, tmp_path, prefect_api, cluster.runner, [UNSAID], **cluster.settings
    )
    cluster.replace_lost()
    assert ours.run_id
    (run,) = (one for one in task_runs(prefect_api, ours.run_id) if one.name == "work")
    assert (run.state.type.value, run.run_count) == ("COMPLETED", 2)
    assert LOST in ours.stdout + ours.stderr


def short_tasks(folder: Path, api: str, cluster: Cluster, retry: str = "") -> FlowFolder:
    made = FlowFolder(folder, SOURCES / "short_tasks.py", **cluster.settings, **SHARED)
    made.environment["PREFECT_API_URL"] = api
    flow = made.path / made.flow
    flow.write_text(flow.read_text().replace("@retry(times=2,", retry or "@retry(times=2,"))
    made.create()
    return made


LEFT = """
import json, sys
from metaflow import Run, namespace
namespace(None)
run = Run(sys.argv[1])
# What a step was writing when its worker was killed is no metadata that Metaflow can read.
tasks = [] if "killed" in sys.argv else sorted(run["work"], key=lambda task: task.index)
join = run["join"].task
print(json.dumps({
    "successful": run.successful,
    "doubled": join["doubled"].data,
    "attempts": join["attempts"].data,
    "stdout": [task.stdout for task in tasks],
    "stderr": [task.stderr for task in tasks],
}))
"""


@pytest.mark.parametrize("kills", [False, True])
def test_short_tasks_share_a_call(
    kills: bool, tmp_path: Path, prefect_api: str, cluster: Cluster
) -> None:
    """One fails at first; another takes long or ends its worker, and the others do not wait."""
    folder = short_tasks(tmp_path / "flow", prefect_api, cluster)
    words = ("--task-runner", cluster.runner, "--shared-folder", "--run-id-file", "id")
    done = folder.run("out.py", *words, *(["--kills", "true"] if kills else []))
    cluster.replace_lost()
    assert done.returncode == 0, done.stdout + done.stderr
    run_id = (folder.path / "id").read_text()
    found = folder.run("-c", LEFT, f"ShortTasksFlow/{run_id}", *(["killed"] if kills else []))
    assert found.returncode == 0, found.stderr
    left = json.loads(found.stdout.splitlines()[-1])
    assert left["successful"]
    assert left["doubled"] == [2 * number for number in range(32)]
    if not kills:  # else others that the worker ran are tried again, too
        assert left["stdout"] == [f"task {number}\n" for number in range(32)]
        assert left["stderr"] == [f"also {number}\n" for number in range(32)]
        assert left["attempts"] == [int(number == 21) for number in range(32)]
    assert left["attempts"][21] >= 1
    assert left["attempts"][25] == int(kills)
    runs = {run.name: run for run in task_runs(prefect_api, run_id)}
    assert {run.state.type.value for run in runs.values()} == {"COMPLETED"}
    assert len(runs) == 35


def test_a_task_of_a_shared_call_that_fails(
    tmp_path: Path, prefect_api: str, cluster: Cluster
) -> None:
    """It alone is red; the others have ended, or are stopped."""
    folder = short_tasks(tmp_path / "flow", prefect_api, cluster, "@retry(times=0,")
    words = ("--task-runner", cluster.runner, "--shared-folder", "--run-id-file", "id")
    done = folder.run("out.py", *words)
    assert done.returncode == 1, done.stdout + done.stderr
    runs = task_runs(prefect_api, (folder.path / "id").read_text())
    states = Counter(run.state.type.value for run in runs)
    assert states.pop("FAILED") == 1
    assert states.pop("COMPLETED") >= 10
    assert set(states) <= {"CANCELLED"}
    (red,) = (run for run in runs if run.state.type.value == "FAILED")
    assert "ValueError: at first" in red.state.message


def test_same_as_native_where_calls_are_shared(
    tmp_path: Path, prefect_api: str, cluster: Cluster
) -> None:
    (case,) = (case for case in CASES if str(case) == "graph-foreach_wide")
    placed_as_native(case, tmp_path, prefect_api, cluster.runner, **cluster.settings, **SHARED)


def test_a_deployed_run_is_cancelled_and_another_retried(
    tmp_path: Path, prefect_api: str, cluster: Cluster
) -> None:
    name = cluster.runner.partition(":")[0].title()
    text = (SOURCES / "waiting.py").read_text().replace("OperatedWaiting", f"{name}Waiting")
    flows = Flows(tmp_path / "work", prefect_api, waiting=text)
    flows.environment |= cluster.settings
    pool = make_pool(prefect_api, own_pool(f"{name}-tests"))
    runner = ("--task-runner", cluster.runner, "--shared-folder")
    flows.good("waiting", "create", "--work-pool", pool, *runner)
    gates = [str(tmp_path / name) for name in ("cancelled", "broken")]
    environment = {**flows.environment, "PREFECT_HOME": str(tmp_path / "worker-home")}
    with worker(pool, environment, tmp_path / "empty"):
        runs = [flows.trigger("waiting", "trigger", "--gate", gate) for gate in gates]
        files = [Path(f"{gate}.pid") for gate in gates]
        until(lambda: all(file.exists() and file.read_text() for file in files), "the steps")
        pids = [int(file.read_text()) for file in files]
        assert all(map(cluster.worker_of, pids))
        flows.good("waiting", "terminate", runs[0])
        await_end(pids[:1], 60)
        assert flows.awaited("waiting", runs[0]) == "Failed"

        Path(f"{gates[1]}.broken").touch()
        Path(gates[1]).touch()
        assert flows.awaited("waiting", runs[1]) == "Failed"
        Path(f"{gates[1]}.broken").unlink()
        flows.good("waiting", "retry", runs[1])
        until(lambda: flows.awaited("waiting", runs[1]) == "Succeeded", "the retried run")
    assert int(files[1].read_text()) == pids[1], "its first step has not run again"


LOCAL = """
import json, sys
from metaflow import Run, namespace
namespace(None)
run = Run(sys.argv[1])
print(json.dumps([run.successful, sorted(step.id for step in run)]))
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cluster_that_is_made_here(engine: str, tmp_path: Path, prefect_api: str) -> None:
    settings = {"RAY_raylet_start_wait_time_s": str(LIMIT), "RAY_USAGE_STATS_ENABLED": "0"}
    flow = FLOWS / "split_join.py"
    folder = FlowFolder(tmp_path, flow, PREFECT_API_URL=prefect_api, **settings)
    done = folder.run(folder.create(), "--task-runner", engine, "--run-id-file", "id")
    assert done.returncode == 0, done.stdout + done.stderr
    run_id = (tmp_path / "id").read_text()
    found = folder.run("-c", LOCAL, f"SplitJoinFlow/{run_id}")
    assert json.loads(found.stdout.splitlines()[-1])[0] is True
