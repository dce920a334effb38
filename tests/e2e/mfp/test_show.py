"""`mfp show`: the graph of a flow in three forms."""

from pathlib import Path

import pytest
from metaflow_prefect.model import FlowModel, LiteralDict, LiteralList, ParameterModel, TaskModel
from metaflow_prefect.runtime.facts import Step
from mfp.convert.graph import draw
from support.mfp_command import mfp
from support.mfp_samples import BODY, write

FLOW = FlowModel(
    name="F",
    description="What it\nis for.",
    start="start",
    steps=(
        Step(TaskModel(name="start"), "switch", ("a", "end")),
        Step(TaskModel(name="a", user_retries=2), "foreach", ("b",)),
        Step(TaskModel(name="b"), "linear", ("c",)),
        Step(TaskModel(name="c"), "join", ("end",), closes="a"),
        Step(TaskModel(name="end"), "end"),
    ),
    parameters=(
        ParameterModel(name="n", kind="int", required=True, help="How\nmany."),
        ParameterModel(
            name="j", kind="json", default=LiteralDict((("a", LiteralList((1, None))),))
        ),
    ),
)


def test_text() -> None:
    assert draw(FLOW, "text") == (
        "F\n"
        "  What it\n"
        "\n"
        "PARAMETER  KIND  DEFAULT           HELP\n"
        "n          int   required          How\\nmany.\n"
        "j          json  {'a': [1, None]}\n"
        "\n"
        "STEP   KIND                GOES TO\n"
        "start  switch              one of: a | end\n"
        "a      foreach, 2 retries  for each: b\n"
        "b      linear              c\n"
        "c      join of a           end\n"
        "end    end\n"
    )


def test_mermaid() -> None:
    lines = draw(FLOW, "mermaid").splitlines()
    assert lines[0] == "flowchart TD"
    assert '    s3(["c"])' in lines
    assert '    s4["end"]' in lines  # a word that Mermaid reserves, as a name
    assert lines[-5:] == [
        "    s0 -->|one of| s1",
        "    s0 -->|one of| s4",
        "    s1 -->|for each| s2",
        "    s2 --> s3",
        "    s3 --> s4",
    ]


def test_dot() -> None:
    lines = draw(FLOW, "dot").splitlines()
    assert (lines[0], lines[-1]) == ('digraph "F" {', "}")
    assert '  "a" -> "b" [label="for each"];' in lines
    assert '  "c" [shape=ellipse];' in lines


def test_command(tmp_path: Path) -> None:
    two = f"from metaflow import FlowSpec, step\nclass F(FlowSpec):{BODY}\nclass G(FlowSpec):{BODY}"
    write(tmp_path, {"a.py": f"{two}\nif __name__ == '__main__':\n    F()\n", "b.py": "1 / 0\n"})
    shown = mfp(tmp_path, "show", "a.py:G", "--format", "dot")
    assert shown.returncode == 0
    assert shown.stdout.startswith('digraph "G" {')
    failed = mfp(tmp_path, "show", "b.py")
    assert failed.returncode == 3
    assert "ZeroDivisionError" in failed.stderr


@pytest.mark.parametrize("flow", ["z.py", "a.py:"])
def test_usage(tmp_path: Path, flow: str) -> None:
    assert mfp(tmp_path, "show", flow).returncode == 2
