"""A run with a metadata service leaves behind there what a native one does."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.cases import CASES
from support.compare import differences
from support.metadata_service import metadata_service
from support.run import native, prefect
from support.snapshot import Snapshot, snapshot_of

# On the other days, test_dask.py runs the like on workers.
pytestmark = [pytest.mark.xdist_group("metadata-service"), pytest.mark.on_days("even")]


@dataclass(frozen=True)
class Kept:
    """What a run has left with its service.

    Attributes:
        left: What Metaflow's client shows of it.
        alive: Whether the run gave signs of life. Its short tasks natively may end before.
    """

    left: Snapshot
    alive: bool


def run(folder: Path, api_url: str | None) -> Kept:
    """Run the flow: through Prefect, or natively if there is no API."""
    with metadata_service() as service:
        (case,) = (case for case in CASES if case.id == "retry_in_foreach")
        case = replace(case, env=service.settings())
        result = prefect(case, folder, api_url) if api_url else native(case, folder)
        assert result.code == 0, result.stdout[-4000:] + result.stderr[-4000:]
        assert not list((folder / ".metaflow").glob("*/*/_meta"))
        assert service.heartbeats <= service.objects.keys()
        run_path = f"/flows/{case.flow}/runs/{result.run_id}"
        return Kept(snapshot_of(result), run_path in service.heartbeats)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> list[Kept]:
    folder = tmp_path_factory.mktemp("service")
    with ThreadPoolExecutor() as pool:
        return list(pool.map(run, (folder / "native", folder / "prefect"), (None, prefect_api)))


def test_same_left(runs: list[Kept]) -> None:
    found = differences(*(one.left for one in runs))
    assert not found, "\n".join(found)


def test_signs_of_life(runs: list[Kept]) -> None:
    assert [one.alive for one in runs] == [True, True]
