"""Workers of Dask that have nothing but the cloud, and what is refused; see also `test_workers`."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from e2e.placing import (
    await_true,
)
from e2e.project import SOURCES, FlowFolder
from support.case import Case
from support.cases import CASES
from support.cloud import cloud
from support.compare import differences
from support.dask_cluster import DaskCluster, dask_cluster
from support.metadata_service import metadata_service
from support.run import environment, native, prefect
from support.s3 import ACCESS, empty_bucket, s3_server
from support.snapshot import snapshot_of

one_cloud = pytest.mark.xdist_group("dask-cloud")
# On the other days, test_remote.py and test_metadata_service.py run the like without workers.
odd_days = pytest.mark.on_days("odd")

FLOWS = Path(__file__).parents[1] / "flows"


NOT_KNOWN = ("dusk", "The task runner 'dusk' is not known. Give dask")
NO_JSON = ("dask:{1", "DaskTaskRunner does not take the settings {1")
NOT_REACHED = ("dask:tcp://127.0.0.1:9", "or add --shared-folder, if")


def test_a_runner_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """By the generated file and, without a server, for a deployment."""
    folder = FlowFolder(tmp_path, FLOWS / "linear.py")
    file, deployment = (folder.create(),), (folder.flow, "--quiet", "prefect", "create")
    for words, (runner, told) in (
        (file, NOT_KNOWN),
        (file, NOT_REACHED),
        (deployment, NO_JSON),
        (deployment, NOT_REACHED),
    ):
        done = folder.run(*words, "--task-runner", runner)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert told in line


@pytest.mark.skipif(find_spec("prefect_ray") is not None, reason="what Ray needs is installed")
def test_a_runner_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py")
    done = folder.run(folder.create(), "--task-runner", "ray")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line == "--task-runner ray needs prefect-ray: pip install prefect-ray"


def test_a_scheduler_that_is_not_there(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py", PREFECT_API_URL=prefect_api)
    folder.environment["DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT"] = "1s"
    words = ("--task-runner", "dask:tcp://127.0.0.1:9", "--shared-folder")
    done = folder.run(folder.create(), *words)
    assert done.returncode == 1
    assert "No cluster of Dask answers at tcp://127.0.0.1:9" in done.stderr.splitlines()[-1]
    assert not list(tmp_path.glob(".metaflow/LinearFlow/*/start"))


@dataclass(frozen=True)
class CloudCluster:
    """A cluster whose workers have nothing but the cloud.

    Attributes:
        cluster: The cluster.
        folder: Where its processes have their folders.
        settings: The environment variables that lead Metaflow to the cloud.
    """

    cluster: DaskCluster
    folder: Path
    settings: dict[str, str]

    def placed(self, case: Case, **variables: str) -> Case:
        """The case, run there."""
        runner = {"METAFLOW_PREFECT_TASK_RUNNER": f"dask:{self.cluster.address}"}
        return replace(case, env={**case.env, **self.settings, **runner, **variables})


@pytest.fixture(scope="module")
def cloudy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudCluster]:
    folder = tmp_path_factory.mktemp("dask-cloud")
    has = ("GPU=1", "SHARED_MEMORY=64")
    with s3_server() as endpoint, metadata_service() as service:
        settings = {**empty_bucket(endpoint), **service.settings()}
        with dask_cluster(folder, has, TMPDIR=str(folder), **ACCESS) as cluster:
            yield CloudCluster(cluster, folder, settings)


@one_cloud
@odd_days
def test_workers_that_have_nothing_but_the_cloud(
    tmp_path: Path, prefect_api: str, cloudy: CloudCluster
) -> None:
    """The flow's code comes as a package from S3, but not the file of its config, by which a step
    gets a decorator; metadata are kept by a service.
    """
    (case,) = (case for case in CASES if str(case) == "decorators-config_mutator")
    found = snapshot_of(native(replace(case, env=cloudy.settings), tmp_path / "native"))
    ours = prefect(cloudy.placed(case), tmp_path / "prefect", prefect_api)
    assert ours.code == 0, ours.stdout[-4000:] + ours.stderr[-4000:]
    lines = differences(found, snapshot_of(ours))
    assert not lines, "\n".join(lines)

    def is_clean() -> bool:
        left = cloudy.folder.rglob("metaflow-prefect-*")
        return not (list(left) or list(cloudy.folder.rglob(case.file)))

    await_true(is_clean, "what the workers fetched is removed")


@one_cloud
@odd_days
def test_where_steps_run(tmp_path: Path, prefect_api: str, cloudy: CloudCluster) -> None:
    """By what they ask for, on a worker that has it, which keeps nothing when it is idle.

    Only the flow's process knows the cluster of Kubernetes and the place of AWS Batch.
    """
    with cloud() as place:
        tmp_path.joinpath("config").mkdir()
        variables = place.settings(tmp_path / "config")
        case = cloudy.placed(
            Case(
                id="placed",
                group="decorators",
                file="placed.py",
                flow="PlacedFlow",
                source=(SOURCES / "placed.py").read_text(),
            ),
            **variables,
            METAFLOW_PREFECT_WORKER_IDLE="1",
        )
        ours = prefect(case, tmp_path / "prefect", prefect_api)
        assert ours.code == 0, ours.stdout[-4000:] + ours.stderr[-4000:]
        assert place.jobs["kubernetes"]
        assert place.jobs["/v1/submitjob"]
    look = (
        "import json; from metaflow import Step; "
        f"task = Step('PlacedFlow/{ours.run_id}/watching', _namespace_check=False).task; "
        "print(json.dumps([task[name].data for name in ('above', 'above_watching', 'has_ended')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", look],
        env=environment(case, tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    trained, watching, has_ended = json.loads(done.stdout)
    workers = [worker.pid for worker in cloudy.cluster.workers]
    assert (workers[0] in trained, workers[1] in trained) == (True, False)
    assert (workers[0] in watching, workers[1] in watching) == (False, True)
    assert has_ended
