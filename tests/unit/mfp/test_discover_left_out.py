"""Classes that derive from FlowSpec and are no flows by themselves."""

import pytest
from support.mfp_samples import BODY, Found

HEAD = "from metaflow import FlowSpec, step\n"
PART = "class Base(FlowSpec):\n    @step\n    def end(self): ...\n"


@pytest.mark.parametrize(
    ("source", "reason", "flows"),
    [
        pytest.param(
            f"class Base(FlowSpec): ...\nclass F(Base):{BODY}", "no steps", ["F"], id="base"
        ),
        pytest.param("class Base(FlowSpec): ...", "no steps", [], id="base-of-nobody"),
        pytest.param(
            f"{PART}    @step\n    def more(self): ...\nclass F(Base):\n    @step\n"
            "    def start(self): ...",
            "no start step",
            ["F"],
            id="part",
        ),
        pytest.param(
            f"class Base(FlowSpec):{BODY.replace('self.end', 'self.work')}\nclass F(Base):\n"
            "    @step\n    def work(self):\n        self.next(self.end)",
            "no work step",
            ["F"],
            id="step-of-derived-class",
        ),
        pytest.param(
            "class Base(FlowSpec):\n    @step\n    def start(it):\n        it.next("
            "{'a': it.end, 'b': it.other}, condition='x')\n    @step\n    def end(it): ...\n"
            "class F(Base):\n    @step\n    def other(it):\n        it.next(it.end)",
            "no other step",
            ["F"],
            id="case-of-derived-class",
        ),
    ],
)
def test_left_out(found: Found, source: str, reason: str, flows: list[str]) -> None:
    result = found({"f.py": HEAD + source})
    assert [(one.name, one.reason) for one in result.left_out] == [("Base", reason)]
    assert [flow.name for flow in result.flows] == flows
    assert not result.problems


def test_graph_that_nobody_completes_is_a_flow(found: Found) -> None:
    """Converting it says which step is missing."""
    result = found({"f.py": f"{HEAD}class F(FlowSpec):{BODY.replace('self.end', 'self.work')}"})
    assert [flow.name for flow in result.flows] == ["F"]


def test_base_with_a_whole_graph_is_a_flow(found: Found) -> None:
    result = found({"f.py": f"{HEAD}class Base(FlowSpec):{BODY}\nclass F(Base): ..."})
    assert [flow.name for flow in result.flows] == ["Base", "F"]
    assert not result.left_out


def test_derived_class_may_be_in_a_file_that_was_not_asked_for(found: Found) -> None:
    part = f"{HEAD}{PART}    @step\n    def more(self): ...\n"
    files = {
        ".git/HEAD": "",
        "lib/base.py": part,
        "jobs/f.py": "from lib.base import Base, step\nclass F(Base):\n @step\n def start(s): ...",
    }
    result = found(files, "lib")
    assert [one.name for one in result.left_out] == ["Base"]
    assert not result.flows
    assert not result.problems
