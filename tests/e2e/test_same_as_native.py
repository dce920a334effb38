"""A run through Prefect leaves behind what a native run does."""

from pathlib import Path

import pytest
from support.case import Case
from support.cases import marked_cases
from support.cases.everyday import ALSO_FRESH
from support.compare import differences
from support.run import native, prefect
from support.snapshot import snapshot_of


@pytest.mark.parametrize("case", marked_cases())
def test_same_as_native(
    case: Case, tmp_path: Path, prefect_api: str, pytestconfig: pytest.Config
) -> None:
    expected = snapshot_of(native(case, tmp_path / "native"))
    launchers: list[str | None] = [None]  # what it is by default
    if str(case) in ALSO_FRESH or pytestconfig.getoption("--thorough"):
        launchers.append("fresh")
    for launcher in launchers:
        ours = prefect(case, tmp_path / f"prefect-{launcher}", prefect_api, launcher)
        told = ours.stdout[-4000:] + ours.stderr[-4000:]
        assert (ours.run_id is not None) == case.starts, told
        found = differences(expected, snapshot_of(ours))
        assert not found, "\n".join([f"Launcher {launcher}:", told, "Differences:", *found])
