"""Names in the generated file: valid, clear of each other, and accepted by Prefect."""

import ast
import builtins
import keyword
import warnings
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metaflow_prefect.generate.names import argument_names, function_name, identifier
from metaflow_prefect.generate.render import render
from metaflow_prefect.model import FlowModel, ParameterModel, TaskModel
from metaflow_prefect.runtime.facts import Step
from prefect import flow
from prefect.utilities.callables import parameter_schema
from pydantic import BaseModel

HOSTILE = (
    *("schema", "json", "copy", "dict", "model_config", "model_fields", "model_fields_set"),
    *("model_dump", "model_dump_path", "model_validate", "model_name", "model_", "validate"),
    *("return_state", "wait_for", "self", "cls", "name", "flow", "task", "parameters", "args"),
    *(
        "kwargs",
        "v__args",
        "v__x",
        "run_flow",
        "metaflow_flow",
        "locals",
        "__x",
        "_x",
        "x",
        "日本",
        "ﬁ",
        "fi",
    ),
    *("a-b", "a_b", "a.b", "a b", "1st", "2", "class", "None", "match", "type", "_", "-", " "),
    *(
        "schema_",
        "return_state_",
        "class_",
        "p_",
        "p_1",
        "\u200d",
        "\u00b2",
        "\U0001f40d",
        "a\ud800",
    ),
)
NAMES = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(HOSTILE)


@given(st.lists(NAMES, unique=True, max_size=12))
def test_arguments_are_valid_public_and_unique(names: list[str]) -> None:
    arguments = argument_names(names)
    assert list(arguments) == names
    assert len(set(arguments.values())) == len(names)
    for argument in arguments.values():
        assert argument.isidentifier()
        assert not keyword.iskeyword(argument)
        assert not argument.startswith("_")


@given(st.lists(NAMES, unique=True, min_size=1, max_size=12))
def test_an_argument_is_the_name_that_python_makes_of_it(names: list[str]) -> None:
    # Python normalises identifiers: two that look different may be one to it
    source = ", ".join(argument_names(names).values())
    scope: dict[str, Any] = {}
    exec(f"def function(*, {source}): ...", scope)  # noqa: S102
    assert list(scope["function"].__code__.co_varnames) == list(argument_names(names).values())


@pytest.mark.parametrize(
    ("names", "arguments"),
    [
        pytest.param(["alpha", "Beta", "日本"], ["alpha", "Beta", "日本"], id="kept"),
        pytest.param(["a-b", "a_b"], ["a_b_", "a_b"], id="who-can-stay-stays"),
        pytest.param(["a-b", "a.b"], ["a_b", "a_b_"], id="first-come"),
        pytest.param(["fi", "ﬁ"], ["fi", "fi_"], id="one-to-python"),
        pytest.param(["class", "None"], ["class_", "None_"], id="keywords"),
        pytest.param(["match", "type"], ["match", "type"], id="soft-keywords"),
        pytest.param(["_x", "__x", "x"], ["x_", "x__", "x"], id="private"),
        pytest.param(["1st", "-"], ["p_1st", "p_"], id="no-identifiers"),
        pytest.param(["return_state", "self"], ["return_state_", "self_"], id="prefect's"),
        pytest.param(["schema", "schema_"], ["schema__", "schema_"], id="pydantic's"),
        pytest.param(["model_name"], ["model_name"], id="not-pydantic's"),
    ],
)
def test_an_argument_is_as_close_to_the_name_as_can_be(
    names: list[str], arguments: list[str]
) -> None:
    assert list(argument_names(names).values()) == arguments


def test_prefect_takes_every_name_and_hands_the_values_on() -> None:
    pydantics = [name for name in dir(BaseModel) if not name.startswith("_")]
    names = sorted({*HOSTILE, *pydantics})
    for argument in argument_names(names).values():
        scope: dict[str, Any] = {}
        exec(f"def body(*, {argument}: str): return {argument}", scope)  # noqa: S102
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made = flow(name="any")(scope["body"])
            given_values = made.validate_parameters({argument: "value"})
            assert argument in parameter_schema(scope["body"]).properties
        assert given_values == {argument: "value"}, argument
        assert made.fn(**given_values) == "value"


@given(NAMES)
def test_an_identifier_of_an_identifier_is_itself(name: str) -> None:
    assert identifier(identifier(name)) == identifier(name)


@pytest.mark.parametrize(
    ("flow_name", "function"),
    [
        ("HelloFlow", "hello_flow"),
        ("MLFlowXGBoost", "ml_flow_xg_boost"),
        ("Branch2Flow", "branch2_flow"),
        ("Step_One", "flow_step_one"),
        ("Print", "flow_print"),
        ("Class", "class_"),
        ("_Hidden", "hidden"),
        ("Über", "über"),
    ],
)
def test_the_flow_function_is_named_after_the_class(flow_name: str, function: str) -> None:
    assert function_name(flow_name) == function


@pytest.mark.parametrize(
    "flow_name",
    ["Host", "Main", "Json", "OS", "MetaflowFlow", "Flow", "Task", "Sys", "Any", "RunFlow", "Early",
     "Functools", "Annotations", "Literal", "Socket", "Re", "State", "Step_Start", "NO_CACHE"],
)  # fmt: skip
def test_the_flow_function_hides_nothing_that_the_file_uses(flow_name: str) -> None:
    steps = (Step(TaskModel(name="start"), "end"),)
    choice = ParameterModel(name="a", kind="str", choices=("b",))
    flow = FlowModel(
        name=flow_name, description="", start="start", steps=steps, parameters=(choice,)
    )
    tree = ast.parse(render(flow, source="flow.py", output="out.py"))
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    own = [node for node in tree.body if node not in imports]
    bound = Counter({name for node in imports for name in names_bound(node)})
    bound.update(name for node in own for name in names_bound(node))
    assert {name for name, times in bound.items() if times > 1} == set()
    assert not {name for name in bound if hasattr(builtins, name)}


def names_bound(node: ast.stmt) -> list[str]:
    """The names that a statement binds, its nested ones included, functions' own left out."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if isinstance(node, ast.If):
        return [name for inner in node.body for name in names_bound(inner)]
    return [
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
