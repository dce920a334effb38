"""Which methods are steps, in which order, and which graphs are whole."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.mfp_samples import BODY, FLOW, Found

HEAD = "import metaflow\nimport metaflow as mf\nfrom metaflow import FlowSpec, step\n"


@pytest.mark.parametrize(
    ("imports", "decorator"),
    [
        pytest.param("from metaflow import step", "step", id="plain"),
        pytest.param("from metaflow import step as st", "st", id="as"),
        pytest.param("import metaflow as mf", "mf.step", id="module"),
        pytest.param("from metaflow.decorators import step", "step", id="submodule"),
        pytest.param("from metaflow import *", "step", id="star"),
        pytest.param("from company import step", "step", id="library"),
        pytest.param("def step(f): return f", "step", id="wrapper"),
        pytest.param("from metaflow import step", "step()", id="call"),
    ],
)
def test_step(found: Found, imports: str, decorator: str) -> None:
    source = f"{imports}\nfrom metaflow import FlowSpec\nclass F(FlowSpec):\n"
    for name in ("start", "end"):
        source += f"    @{decorator}\n    def {name}(self): ...\n"
    assert found({"f.py": source}).flows[0].steps == ("start", "end")


@pytest.mark.parametrize(
    ("body", "steps"),
    [
        pytest.param("@step\n def only(self): ...", ("only",), id="single"),
        pytest.param(
            "@step(start=True)\n def a(self): ...\n @step(end=True)\n def b(self): ...",
            ("a", "b"),
            id="marked",
        ),
        pytest.param(
            "@step(start=True)\n def a(self): ...\n @step\n def end(self): ...",
            ("a", "end"),
            id="start-marked",
        ),
        pytest.param(
            "@mf.retry(times=2)\n @step\n def start(self): ...\n @step\n def end(self): ...",
            ("start", "end"),
            id="decorated",
        ),
        pytest.param(
            "if True:\n  @step\n  def start(self): ...\n @step\n def end(self): ...",
            ("start", "end"),
            id="in-if",
        ),
        pytest.param(
            "def help(self): ...\n @step\n def end(self): ...\n @step\n def start(self): ...",
            ("end", "start"),
            id="order-of-source",
        ),
    ],
)
def test_whole_graph(found: Found, body: str, steps: tuple[str, ...]) -> None:
    result = found({"f.py": f"{HEAD}class F(FlowSpec):\n {body}\n"})
    assert [flow.steps for flow in result.flows] == [steps]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            "@step\n def begin(self): ...\n @step\n def end(self): ...",
            "F has no start step, and no class derives from it",
            id="no-start",
        ),
        pytest.param(
            "@step\n def start(self): ...\n @step\n def finish(self): ...",
            "F has no end step, and no class derives from it",
            id="no-end",
        ),
        pytest.param(
            "@step(start=False)\n def a(self): ...\n @step\n def end(self): ...",
            "F has no start step, and no class derives from it",
            id="not-marked",
        ),
        pytest.param(
            "@step(start=True)\n def a(self): ...\n @step(start=True)\n def end(self): ...",
            "F has more than one step marked with @step(start=True), and no class derives from it",
            id="marked-twice",
        ),
    ],
)
def test_broken_graph_is_a_problem(found: Found, body: str, message: str) -> None:
    result = found({"f.py": f"{HEAD}class F(FlowSpec):\n {body}\n"})
    assert result.flows == ()
    assert [(one.line, one.message) for one in result.problems] == [(4, message)]


@pytest.mark.parametrize(
    ("classes", "steps"),
    [
        pytest.param(f"class A(FlowSpec):{BODY}\nclass F(A): ...", ("start", "end"), id="all"),
        pytest.param(
            f"class A(FlowSpec):{BODY}\nclass F(A):\n @step\n def middle(self): ...",
            ("middle", "start", "end"),
            id="own-first",
        ),
        pytest.param(
            f"class A(FlowSpec):{BODY}\nclass F(A):\n @step\n def end(self): ...",
            ("end", "start"),
            id="overridden",
        ),
        pytest.param(
            "class L:\n @step\n def start(self): ...\nclass R:\n @step\n def end(self): ...\n"
            "class F(L, R, FlowSpec): ...",
            ("start", "end"),
            id="mixins",
        ),
        pytest.param(
            "class T(FlowSpec):\n @step\n def start(self): ...\n @step\n def end(self): ...\n"
            "class L(T):\n @step\n def left(self): ...\nclass R(T):\n @step\n def end(self): ...\n"
            "class F(L, R): ...",
            ("left", "end", "start"),
            id="diamond",
        ),
    ],
)
def test_inherited_in_order_of_mro(found: Found, classes: str, steps: tuple[str, ...]) -> None:
    result = found({"f.py": HEAD + classes})
    assert [flow.steps for flow in result.flows if flow.name == "F"] == [steps]


@pytest.mark.parametrize(
    "replacement",
    [
        pytest.param("end = None", id="value"),
        pytest.param("def end(self): ...", id="method"),
        pytest.param("class end: ...", id="class"),
    ],
)
def test_step_hidden_by_something_else(found: Found, replacement: str) -> None:
    body = f"class A(FlowSpec):{BODY}\n    @step\n    def more(self): ...\n"
    result = found({"f.py": f"{HEAD}{body}class F(A):\n {replacement}\n"})
    assert [flow.name for flow in result.flows] == ["A"]
    assert [one.message for one in result.problems] == [
        "F has no end step, and no class derives from it"
    ]


@pytest.mark.process
def test_the_same_as_metaflow_says(found: Found, tmp_path: Path) -> None:
    pytest.importorskip("metaflow")
    source = f"""{FLOW}

class Middle:
    @step
    def middle(self):
        self.next(self.end)


class G(Middle, F):
    @step
    def start(self):
        self.next(self.middle)


class H(FlowSpec):
    @step
    def only(self):
        pass
"""
    flows = found({"f.py": source}).flows
    code = (
        "import json, runpy, sys; m = runpy.run_path(sys.argv[1]);"
        "print(json.dumps({n: sorted(m[n]._graph.nodes) for n in 'FGH'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "f.py"],
        capture_output=True,
        check=True,
        env={"USERNAME": "tester", "HOME": str(tmp_path)},
    )
    assert json.loads(done.stdout) == {flow.name: sorted(flow.steps) for flow in flows}
