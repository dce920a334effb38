"""The comparison sees whatever is altered in a snapshot."""

import pytest
from support.compare import differences
from support.snapshot import Snapshot

FACTS = {
    "command: succeeded": "True",
    "run: successful": "True",
    "body[0]: user_tags": "[]",
    "body[0]: attempt 0: artifact x": "int '1'",
    "body[0]: attempt 0: metadata attempt": "attempt '0'",
    "body[0]: attempt 0: stdout": "'" + "a" * 3000 + "'",
    "body[1]: user_tags": "[]",
}


def test_same() -> None:
    assert differences(Snapshot(FACTS), Snapshot(dict(reversed(FACTS.items())))) == []


@pytest.mark.parametrize("name", FACTS)
def test_altered(name: str) -> None:
    altered = FACTS | {name: FACTS[name] + "!"}
    (line,) = differences(Snapshot(FACTS), Snapshot(altered))
    assert line.startswith(f"{name}: native ")
    assert "\n" not in line
    assert len(line) < 1000


@pytest.mark.parametrize("name", [name for name in FACTS if name.startswith("body[0]")])
def test_missing_and_added(name: str) -> None:
    without = {key: value for key, value in FACTS.items() if key != name}
    (missing,) = differences(Snapshot(FACTS), Snapshot(without))
    assert missing.startswith(f"{name}: native ")
    assert missing.endswith("missing in ours")
    (added,) = differences(Snapshot(without), Snapshot(FACTS))
    assert added.startswith(f"{name}: not in the native run")


def test_missing_task() -> None:
    without = {key: value for key, value in FACTS.items() if not key.startswith("body[1]")}
    assert differences(Snapshot(FACTS), Snapshot(without)) == ["body[1]: only in the native run"]
    assert differences(Snapshot(without), Snapshot(FACTS)) == ["body[1]: not in the native run"]


def test_only_prefect_metadata_may_be_added() -> None:
    field = {"body[0]: attempt 0: metadata prefect-task-run-id": "x 'y'"}
    assert differences(Snapshot(FACTS), Snapshot(FACTS | field)) == []
    assert differences(Snapshot(FACTS | field), Snapshot(FACTS)) != []
    artifact = {"body[0]: attempt 0: artifact prefect-x": "int '1'"}
    assert differences(Snapshot(FACTS), Snapshot(FACTS | artifact)) != []
