"""Ways to say `FlowSpec`, and things that only look like it."""

import pytest
from support.mfp_samples import BODY, Found, derived


@pytest.mark.parametrize(
    ("imports", "base"),
    [
        pytest.param("from metaflow import FlowSpec", "FlowSpec", id="from"),
        pytest.param("from metaflow import FlowSpec as Flow", "Flow", id="from-as"),
        pytest.param("import metaflow", "metaflow.FlowSpec", id="module"),
        pytest.param("import metaflow as mf", "mf.FlowSpec", id="module-as"),
        pytest.param("import metaflow.flowspec", "metaflow.flowspec.FlowSpec", id="submodule"),
        pytest.param("import metaflow.flowspec as fs", "fs.FlowSpec", id="submodule-as"),
        pytest.param("from metaflow import flowspec", "flowspec.FlowSpec", id="from-submodule"),
        pytest.param("from metaflow.flowspec import FlowSpec", "FlowSpec", id="from-inside"),
        pytest.param("from metaflow import *", "FlowSpec", id="star"),
        pytest.param("import os, metaflow as mf, sys", "mf.FlowSpec", id="several"),
        pytest.param("from metaflow import (  # (a)\n  FlowSpec,\n)", "FlowSpec", id="lines"),
        pytest.param("from metaflow \\\n import FlowSpec", "FlowSpec", id="continued"),
        pytest.param("import metaflow\nBase = metaflow.FlowSpec", "Base", id="assigned"),
        pytest.param("import metaflow as m\nmf = m", "mf.FlowSpec", id="module-assigned"),
        pytest.param("import metaflow\nBase: type = metaflow.FlowSpec", "Base", id="annotated"),
        pytest.param("import metaflow\nA, B = 1, metaflow.FlowSpec", "B", id="unpacked"),
        pytest.param("import metaflow\nA = B = metaflow.FlowSpec", "A", id="chained"),
        pytest.param("from metaflow import FlowSpec", "FlowSpec, metaclass=M", id="keyword"),
        pytest.param("from metaflow import FlowSpec", "object, FlowSpec", id="second"),
        pytest.param("from vendored_metaflow import FlowSpec", "FlowSpec", id="library"),
    ],
)
def test_flow(found: Found, imports: str, base: str) -> None:
    result = found({"flow.py": derived(imports, base)})
    assert [flow.name for flow in result.flows] == ["F"]
    assert result.flows[0].steps == ("start", "end")
    assert not result.problems


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('"""Made from the FlowSpec of metaflow."""', id="docstring"),
        pytest.param("# from metaflow import FlowSpec\nclass F: ...", id="comment"),
        pytest.param("from metaflow import FlowSpec, step\nflow = FlowSpec", id="no-class"),
        pytest.param(derived("from metaflow import Run as FlowSpec", "FlowSpec"), id="other"),
        pytest.param(
            derived("from metaflow import FlowSpec\nFlowSpec = object", "FlowSpec"), id="rebound"
        ),
        pytest.param(derived("class FlowSpec: ...", "FlowSpec"), id="own-class"),
        pytest.param(derived("import metaflow", "object"), id="mixin"),
        pytest.param(derived("import metaflow, abc", "abc.ABC"), id="abstract-mixin"),
        pytest.param(
            'FLOW = """\nfrom metaflow import FlowSpec, step\nclass F(FlowSpec):\n  @step\n"""',
            id="string",
        ),
        pytest.param(
            "from metaflow import FlowSpec, step\ndef make():\n    class F(FlowSpec):"
            + BODY.replace("\n", "\n    "),
            id="in-function",
        ),
        pytest.param(
            "from metaflow import FlowSpec, step\nclass Outer:\n    class F(FlowSpec):"
            + BODY.replace("\n", "\n    "),
            id="in-class",
        ),
        pytest.param(
            "from prefect import flow, task\nimport metaflow\n# flow.py:F, a FlowSpec\n"
            "@task\ndef start(): ...\n@flow(name='F')\ndef main(): ...",
            id="generated",
        ),
    ],
)
def test_no_flow(found: Found, source: str) -> None:
    result = found({"flow.py": source})
    assert result.flows == ()
    assert result.problems == ()


def test_several_in_a_file_by_line(found: Found) -> None:
    source = derived("from metaflow import FlowSpec", "FlowSpec", "B")
    source += f"\nclass A(FlowSpec):{BODY}"
    result = found({"flow.py": source})
    assert [(flow.name, flow.line) for flow in result.flows] == [("B", 5), ("A", 14)]


def test_bases_and_line_as_written(found: Found) -> None:
    source = (
        "import metaflow as mf\nfrom metaflow import step\nclass M: ...\n@mf.project(name='x')\n"
    )
    result = found({"flow.py": f"{source}class F(M, mf.FlowSpec):{BODY}"})
    assert result.flows[0].bases == ("M", "mf.FlowSpec")
    assert result.flows[0].line == 5
