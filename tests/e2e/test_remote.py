"""A step that runs on Kubernetes or AWS Batch is launched there just as natively.

The cluster is a server of ours that takes each job and says that it has failed. So a job is tried
again, and in the end the fallback of `@catch` runs where the flow does. All data is in S3.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tarfile import TarFile

import pytest
from e2e.project import SOURCES
from support.case import Case
from support.cloud import cloud
from support.compare import differences
from support.run import native, prefect
from support.s3 import BUCKET, client, empty_bucket, s3_server
from support.snapshot import Snapshot, snapshot_of

# On the other days, test_dask.py runs the like on workers.
pytestmark = [pytest.mark.xdist_group("remote"), pytest.mark.on_days("even")]

CASE = Case(
    id="remote",
    group="decorators",
    file="remote.py",
    flow="RemoteFlow",
    source=(SOURCES / "remote.py").read_text(encoding="utf-8"),
    top=("--environment", "uv"),  # which chooses another entrypoint for the job
)


@dataclass(frozen=True)
class Launched:
    """What a run has launched, and what is left of it.

    Attributes:
        jobs: The requests by their kinds.
        package: The files of the code package that the jobs are to download.
        left: What Metaflow's client shows.
    """

    jobs: dict[str, str]
    package: dict[str, bytes]
    left: Snapshot


def launch(folder: Path, endpoint: str, bucket: dict[str, str], api_url: str | None) -> Launched:
    """Run the flow: through Prefect, or natively if there is no API."""
    folder.mkdir()
    for name in ("pyproject.toml", "uv.lock"):
        (folder / name).touch()
    with cloud() as place:
        case = replace(CASE, env=bucket | place.settings(folder))
        result = prefect(case, folder, api_url) if api_url else native(case, folder)
        assert result.code == 0, result.stdout[-4000:] + result.stderr[-4000:]
        jobs = {kind: json.dumps(bodies, indent=1) for kind, bodies in place.jobs.items()}
        (key,) = set(re.findall(rf"s3://{BUCKET}/([\w./-]+/data/[\w./]+)", str(jobs)))
        return Launched(
            jobs={kind: normal(text, str(result.run_id)) for kind, text in jobs.items()},
            package=code_package(endpoint, key),
            left=snapshot_of(result),
        )


def normal(text: str, run_id: str) -> str:
    """Take out of a job what names this run, its tasks and the sum of its code package."""
    text = text.replace(run_id, "<run>")
    numbers = r":?\d[\d,]*"  # one, or several as Metaflow compresses a list of them
    path = rf"(?<=<run>)/(\w+)/((\1-)?({numbers}|parameters)|\1)\b"
    text = re.sub(path, r"/\1/<task>", text)
    name = r"(?<=<run>)-(\w+)-(\1(-\d+)?|\d+)(?=-\d)"  # before the attempt
    text = re.sub(name, r"-\1-<task>", text)
    text = re.sub(r"(task[_-]id\W+)[\w-]+", r"\1<task>", text)
    text = re.sub(r"\b([0-9a-f]{2}/)?[0-9a-f]{40}\b", "<package>", text)
    return re.sub(r"\bt-[0-9a-f]{8}-", "t-<hash>-", text)  # the hash of the task's name


def code_package(endpoint: str, key: str) -> dict[str, bytes]:
    body = client(endpoint).get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with TarFile.open(fileobj=BytesIO(body)) as tar:
        files = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        return {name: file.read() for name, file in files.items() if file is not None}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> tuple[Launched, Launched]:
    """The native run and ours, both at the same time: they wait a lot."""
    folder = tmp_path_factory.mktemp("remote")
    with s3_server() as endpoint, ThreadPoolExecutor() as pool:
        bucket = empty_bucket(endpoint)
        expected = pool.submit(launch, folder / "native", endpoint, bucket, None)
        ours = pool.submit(launch, folder / "prefect", endpoint, bucket, prefect_api)
        return expected.result(), ours.result()


@pytest.mark.parametrize(
    ("kind", "count"), [("kubernetes", 2), ("/v1/submitjob", 1), ("/v1/registerjobdefinition", 1)]
)
def test_same_jobs(runs: tuple[Launched, Launched], kind: str, count: int) -> None:
    expected, ours = runs
    assert len(json.loads(ours.jobs[kind])) == count
    assert ours.jobs[kind] == expected.jobs[kind]


def test_same_left(runs: tuple[Launched, Launched]) -> None:
    expected, ours = runs
    found = differences(expected.left, ours.left)
    assert not found, "\n".join(found)


def test_same_package(runs: tuple[Launched, Launched]) -> None:
    expected, ours = runs
    assert "remote.py" in expected.package
    more = {name: body for name, body in ours.package.items() if name != "remote_prefect.py"}
    assert more == expected.package
