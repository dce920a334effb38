"""The cases and the comparison hold for what they are compared with: the native run itself."""

from pathlib import Path

import pytest
from support.case import Case
from support.cases import CASES
from support.cases.everyday import EVERYDAY
from support.compare import differences
from support.run import FLOWS, native
from support.snapshot import snapshot_of


@pytest.mark.thorough
@pytest.mark.parametrize("case", CASES, ids=str)
def test_two_native_runs_are_the_same(case: Case, tmp_path: Path) -> None:
    first = native(case, tmp_path / "first")
    assert (first.code == 0) == case.ok, first.stdout + first.stderr
    assert (first.run_id is not None) == case.starts, first.stdout + first.stderr
    second = native(case, tmp_path / "second")
    found = differences(snapshot_of(first), snapshot_of(second))
    assert not found, "\n".join(found)


def test_every_flow_has_a_case() -> None:
    named = {case.file for case in CASES} | {name for case in CASES for name in case.needs}
    there = {path.name for path in FLOWS.iterdir() if not path.name.startswith((".", "__"))}
    assert there == {name.split("/")[0] for name in named}


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


def test_everyday_cases_are_cases() -> None:
    assert {str(case) for case in CASES} > EVERYDAY
