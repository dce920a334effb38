"""The recordings of native runs are read as they were written, and only where they count."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import recorded
from support.cases import CASES, COMPARED
from support.snapshot import Snapshot

CASE = CASES[0]
SUBJECTS = ("command", "run", "start", "body[0]", "body[1]", "_parameters")
FACTS = st.dictionaries(
    st.one_of(
        st.just("file hook.txt"),
        st.builds("{}: {}".format, st.sampled_from(SUBJECTS), st.sampled_from("xyz")),
    ),
    st.sampled_from(["'a'", "'é\\n'", "None"]),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of that of all recordings."""
    monkeypatch.setattr(recorded, "FOLDER", tmp_path)
    return tmp_path


@given(facts=FACTS)
def test_read_as_written(facts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorded, "FOLDER", tmp_path_factory.mktemp("native"))
        recorded.write(CASE, Snapshot(facts))
        read = recorded.read(CASE)
    assert read is not None
    assert read.left == Snapshot(facts)
    assert read.made == {**recorded.HERE, "from": recorded.digest(CASE)}


def test_without_versions(folder: Path) -> None:
    left = {
        "run: system_tags": "['metaflow_version:2.19.39', 'python_version:3.11.7', 'x:3.11.7']",
        "start: attempt 0: metadata python_version": "python_version '3.11.7'",
    }
    recorded.write(CASE, Snapshot(left))
    assert sorted(recorded.portable(Snapshot(left)).facts.values()) == [
        "['metaflow_version:<version>', 'python_version:<version>', 'x:3.11.7']",
        "python_version '<version>'",
    ]
    assert "2.19" not in json.dumps(json.loads(recorded.path_of(CASE).read_text())["left"])
    assert list(folder.iterdir()) == [recorded.path_of(CASE)]


@pytest.mark.usefixtures("folder")
def test_none_of_another_metaflow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recorded.read(CASE) is None
    recorded.write(CASE, Snapshot({}))
    monkeypatch.setitem(recorded.HERE, "metaflow", "0.1")
    assert recorded.read(CASE) is None


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "changed",
    [
        {"args": ("--x", "1")},
        {"env": {"X": "1"}},
        {"workers": 1},
        {"needs": ("config.json",)},
        {"file": "split_join.py"},
    ],
    ids=str,
)
def test_one_that_is_of_another_flow_says_how_to_renew_it(changed: dict[str, object]) -> None:
    recorded.write(CASE, Snapshot({}))
    with pytest.raises(ValueError, match=r"renew it: hatch run record graph-linear$"):
        recorded.read(replace(CASE, **changed))  # type: ignore[arg-type]


def test_every_case_is_in_the_sample_of_one_day() -> None:
    month = range(700_000, 700_000 + recorded.DAYS)
    for case in COMPARED:
        assert [recorded.in_sample(str(case), day) for day in month].count(True) == 1


def test_cases_of_alternate_days_are_in_each_sample_too() -> None:
    for case in COMPARED:
        days = [day for day in range(2 * recorded.DAYS) if recorded.in_sample(str(case), day)]
        assert {day % 2 for day in days} == {0, 1}


def test_every_case_is_recorded_and_nothing_else() -> None:
    """`hatch run record` makes what is missing here, and removes what is left over."""
    assert {path.stem for path in recorded.FOLDER.iterdir()} == {str(case) for case in COMPARED}
    made_with = [case for case in COMPARED if recorded.read(case) is not None]
    assert made_with in ([], list(COMPARED)), "renew all of them: hatch run record"
