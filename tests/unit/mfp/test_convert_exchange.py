"""What a flow's process answers: nobody trusts it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from metaflow_prefect.deploy.description import Description
from mfp.convert.loading.exchange import Reply, read_reply, write_reply

DEPLOYMENT = Description(flow="F", function="f", name="default", triggers=({"type": "event"},))
GOOD = Reply(
    name="F",
    text="x",
    digest="2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    deployment=DEPLOYMENT,
    files={"/a": None, "/b": "0"},
)


def test_a_true_answer() -> None:
    assert read_reply(write_reply(GOOD)) == GOOD


TAGS: dict[str, Any] = {"tags": (3,)}
FORGED: list[dict[str, Any]] = [
    {"text": 3},
    {"text": "y"},
    {"note": None},
    {"files": ["a"]},
    {"files": {"a": 1}},
    {"is_complete": "yes"},
    {"deployment": "F"},
    {"deployment": replace(DEPLOYMENT, **TAGS).as_json()},
    {"more": 1},
]


@pytest.mark.parametrize("changes", FORGED, ids=str)
def test_forged_fields(changes: dict[str, Any]) -> None:
    document = json.loads(write_reply(GOOD))
    assert read_reply(json.dumps(document).encode()) == GOOD
    with pytest.raises(ValueError):  # noqa: PT011  (whatever pydantic calls it)
        read_reply(json.dumps(document | changes).encode())


def test_numbers_stay_what_they_are() -> None:
    deployment = replace(DEPLOYMENT, parameters={"b": 2**80, "c": 0.1})
    reply = replace(GOOD, deployment=deployment)
    assert read_reply(write_reply(reply)) == reply


@pytest.mark.parametrize("data", [b"", b"x", b"1", b"[]", b'{"text": "\xff"}', b"\x80\x04."])
def test_no_answer(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_reply(data)
