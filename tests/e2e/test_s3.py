"""A run that keeps many artifacts in S3 leaves behind what a native one does.

`test_remote.py` keeps a hundred there every day; a thousand take S3's stand-in minutes.

Metaflow reads and writes all its remote datastores through one interface; ours is used through it
only. So what this shows for S3 is what can be shown of Azure's and Google's without a cloud.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.case import Case
from support.cases import CASES
from support.compare import differences
from support.run import native, prefect
from support.s3 import BUCKET, client, empty_bucket, s3_server
from support.snapshot import Snapshot, snapshot_of


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as url:
        yield url


def run_on_s3(case: Case, folder: Path, endpoint: str, api_url: str | None) -> Snapshot:
    """Run a case on an empty bucket: through Prefect, or natively if there is no API."""
    case = replace(case, env=empty_bucket(endpoint))
    result = prefect(case, folder, api_url) if api_url else native(case, folder)
    assert result.code == 0, result.stdout[-4000:] + result.stderr[-4000:]
    prefix = f"metaflow/{case.flow}/data/"
    kept = client(endpoint).list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    assert kept["KeyCount"] == 1000  # the most that one answer holds
    assert not list((folder / ".metaflow").glob("*/data"))
    return snapshot_of(result)


@pytest.mark.thorough
def test_a_thousand_artifacts(endpoint: str, tmp_path: Path, prefect_api: str) -> None:
    (case,) = (case for case in CASES if case.id == "many_artifacts")
    case = replace(case, args=("--splits", "4", "--each", "250"))
    expected = run_on_s3(case, tmp_path / "native", endpoint, None)
    ours = run_on_s3(case, tmp_path / "prefect", endpoint, prefect_api)
    found = differences(expected, ours)
    assert not found, "\n".join(found)
    assert "body[3]: attempt 0: artifact small_249" in ours.facts
