"""A run through Prefect leaves behind what a native run does."""

from pathlib import Path

import pytest
from support.case import Case
from support.cases import marked_cases
from support.compare import differences
from support.run import native, prefect
from support.snapshot import snapshot_of


@pytest.mark.parametrize("case", marked_cases())
def test_same_as_native(case: Case, tmp_path: Path, prefect_api: str) -> None:
    expected = native(case, tmp_path / "native")
    ours = prefect(case, tmp_path / "prefect", prefect_api)
    told = ours.stdout[-4000:] + ours.stderr[-4000:]
    assert (ours.run_id is not None) == case.starts, told
    found = differences(snapshot_of(expected), snapshot_of(ours))
    assert not found, "\n".join([told, "Differences:", *found])
