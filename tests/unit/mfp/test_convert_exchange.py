"""What a flow's process answers: nobody trusts it."""

import pickle
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


class Call:
    """Is read as a call of any function."""

    def __init__(self, module: str, name: str) -> None:
        self.data = (
            b"\x80\x04"
            + b"".join(b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, name))
            + b"\x93)R."
        )


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("mfp.deploy.committed", "_git"),
        ("mfp.deploy.committed", "subprocess.run"),
        ("mfp.convert.loading.exchange", "pickle.loads"),
        ("mfp.convert.loading.exchange", "Reply.__init__"),
        ("builtins", "eval"),
        ("pathlib", "Path.cwd"),
    ],
)
def test_nothing_else_is_called(module: str, name: str) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is not expected here"):
        read_reply(Call(module, name).data)


TAGS: dict[str, Any] = {"tags": (3,)}
FORGED: list[dict[str, Any]] = [
    {"text": 3},
    {"text": "y"},
    {"text": "\udc00"},
    {"note": None},
    {"files": ["a"]},
    {"files": {"a": 1}},
    {"exact": "yes"},
    {"deployment": "F"},
    {"deployment": replace(DEPLOYMENT, **TAGS)},
    {"deployment": replace(DEPLOYMENT, parameters={"a": {1}})},
]


@pytest.mark.parametrize("changes", FORGED, ids=str)
def test_forged_fields(changes: dict[str, Any]) -> None:
    with pytest.raises(pickle.UnpicklingError):
        read_reply(pickle.dumps(replace(GOOD, **changes)))


@pytest.mark.parametrize("data", [b"", b"x", b"\x80\x04.", pickle.dumps(1), b"\x80\x04\x8c\x05ab."])
def test_no_answer(data: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError):
        read_reply(data)
