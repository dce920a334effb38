"""Classes and imports that a condition governs."""

import textwrap

import pytest
from support.mfp_samples import BODY, Found, derived

HEAD = "from metaflow import FlowSpec, step\nfrom typing import TYPE_CHECKING\n"


@pytest.mark.parametrize(
    "imports",
    [
        pytest.param(
            "try:\n  from metaflow import FlowSpec\nexcept ImportError:\n  FlowSpec = object",
            id="try",
        ),
        pytest.param(
            "try:\n  import fast\nexcept ImportError:\n  from metaflow import FlowSpec", id="except"
        ),
        pytest.param(
            "try:\n  import x\nexcept ImportError:\n  pass\nelse:\n  from metaflow import FlowSpec",
            id="try-else",
        ),
        pytest.param("try:\n  x\nfinally:\n  from metaflow import FlowSpec", id="finally"),
        pytest.param("if x:\n  from metaflow import FlowSpec\nelse:\n  FlowSpec = X", id="if"),
        pytest.param("if x:\n  FlowSpec = X\nelse:\n  from metaflow import FlowSpec", id="else"),
        pytest.param("if not TYPE_CHECKING:\n  from metaflow import FlowSpec", id="not-checking"),
        pytest.param("if 1:\n  from metaflow import FlowSpec", id="constant"),
        pytest.param("with x:\n  from metaflow import FlowSpec", id="with"),
        pytest.param("for x in y:\n  from metaflow import FlowSpec", id="for"),
        pytest.param("match x:\n  case 1:\n    from metaflow import FlowSpec", id="match"),
        pytest.param("import metaflow\nFlowSpec = metaflow.FlowSpec if x else Y", id="ternary"),
    ],
)
def test_import(found: Found, imports: str) -> None:
    result = found({"flow.py": derived(imports, "FlowSpec")})
    assert [flow.name for flow in result.flows] == ["F"]


def test_import_for_type_checkers_only(found: Found) -> None:
    imports = "if TYPE_CHECKING:\n  from metaflow import FlowSpec\nelse:\n  FlowSpec = object"
    assert found({"flow.py": derived(imports, "FlowSpec")}).flows == ()


@pytest.mark.parametrize(
    ("opening", "flows"),
    [
        pytest.param("if x:", 1, id="if"),
        pytest.param("try:\n    pass\nfinally:", 1, id="finally"),
        pytest.param("with x:", 1, id="with"),
        pytest.param("if __name__ == '__main__':", 1, id="main"),
        pytest.param("if a:\n    pass\nelif b:\n    pass\nelse:", 1, id="else"),
        pytest.param("if TYPE_CHECKING:", 0, id="type-checking"),
        pytest.param("if False:", 0, id="false"),
    ],
)
def test_class(found: Found, opening: str, flows: int) -> None:
    body = textwrap.indent(f"class F(FlowSpec):{BODY}", "    ")
    assert len(found({"flow.py": f"{HEAD}{opening}\n{body}"}).flows) == flows


def test_either_class_of_one_name_counts_once(found: Found) -> None:
    body = textwrap.indent(f"class F(FlowSpec):{BODY}", "    ")
    result = found({"flow.py": f"{HEAD}if x:\n{body}\nelse:\n{body}"})
    assert [flow.line for flow in result.flows] == [4]


def test_a_later_class_of_one_name_replaces_the_first(found: Found) -> None:
    result = found({"flow.py": f"{HEAD}class F(FlowSpec):{BODY}\nclass F(FlowSpec):{BODY}"})
    assert [flow.line for flow in result.flows] == [12]


def test_class_named_as_its_base(found: Found) -> None:
    files = {"base.py": derived("from metaflow import FlowSpec", "FlowSpec", "Base")}
    files["flow.py"] = "from base import Base\nclass Base(Base):\n    pass\n"
    assert [str(flow.path) for flow in found(files).flows] == ["base.py", "flow.py"]
