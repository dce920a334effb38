"""Values of a Prefect run as words of Metaflow's command line, read back by its own click."""

import json
import math
import warnings
from types import SimpleNamespace
from typing import Any

import click as own_click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metaflow_prefect.runtime.facts import Parameter
from metaflow_prefect.runtime.flow_run.options import reader
from metaflow_prefect.runtime.flow_run.values import given_values, parameter_words

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what Metaflow imports warns of itself
    from metaflow._vendor import click
    from metaflow.parameters import JSONTypeClass

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["", "-", "--", "--count=3", "-x", "=", "a=b", "a b", "'\"", "\n", "{}", "null"]
)
TYPES: dict[str, Any] = {
    "int": click.INT,
    "float": click.FLOAT,
    "bool": click.BOOL,
    "str": click.STRING,
    "json": JSONTypeClass(),
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(),
    "float": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "str": TEXTS,
    "json": st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS.filter(bool),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=5,
    ).filter(lambda value: isinstance(value, list | dict)),
}


def read_back(words: list[str], kind: str, **settings_of_option: Any) -> Any:
    option = click.Option(["--some-name", "value"], type=TYPES[kind], **settings_of_option)
    command = click.Command("run", params=[option])
    found = command.make_context("run", list(words)).params["value"]
    if kind == "json" and isinstance(found, str):
        return json.loads(found)
    return found


def same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and repr(left) == repr(right)


@settings(max_examples=60)
@given(st.data(), st.sampled_from(sorted(TYPES)))
def test_one_value(data: st.DataObject, kind: Any) -> None:
    value = data.draw(VALUES[kind])
    words = parameter_words(Parameter(name="some-name", kind=kind), value)
    assert same(read_back(words, kind), value)


@settings(max_examples=40)
@given(st.data(), st.sampled_from(["int", "float", "bool", "str"]))
def test_several_values(data: st.DataObject, kind: Any) -> None:
    values = data.draw(st.lists(VALUES[kind], max_size=3))
    facts = Parameter(name="some-name", kind=kind, multiple=True)
    found = read_back(parameter_words(facts, values), kind, multiple=True)
    assert same(tuple(found), tuple(values))


@settings(max_examples=40)
@given(st.data(), st.sampled_from(["int", "float", "bool", "str"]))
def test_values_of_a_pair(data: st.DataObject, kind: Any) -> None:
    values = data.draw(st.lists(VALUES[kind], min_size=2, max_size=2))
    facts = Parameter(name="some-name", kind=kind, arity=2)
    found = read_back(parameter_words(facts, values), kind, nargs=2)
    assert same(tuple(found), tuple(values))


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e22, -0.0])
def test_a_float_at_its_limits(value: float) -> None:
    words = parameter_words(Parameter(name="some-name", kind="float"), value)
    assert same(read_back(words, "float"), value)


@pytest.mark.parametrize("value", ["123", "null", '{"a": 1}', '"quoted"', "text", ""])
def test_a_text_that_is_json_stays_a_text(value: str) -> None:
    words = parameter_words(Parameter(name="some-name", kind="json"), value)
    (found,) = [word.partition("=")[2] for word in words]
    assert JSONTypeClass().convert(found, None, None) == value


@pytest.mark.parametrize("default", [True, False, None])
@pytest.mark.parametrize("kind", [None, bool, str])
@pytest.mark.parametrize("value", [True, False])
def test_a_flag(default: Any, kind: Any, value: bool) -> None:
    told = {"default": default} if default is not None else {}
    option = click.Option(["--some-name", "value"], is_flag=True, type=kind, **told)
    facts = Parameter(name="some-name", kind="bool", is_flag=True, flag_value=option.flag_value)
    words = parameter_words(facts, value)
    command = click.Command("run", params=[option])
    found = command.make_context("run", list(words)).params["value"]
    # what the command line cannot express is left to the default
    assert found == value if words else value != option.flag_value


def signed(default: Any) -> Any:
    def fn(*, some_name: Any = default) -> None: ...

    return SimpleNamespace(fn=fn)


@pytest.mark.parametrize(
    ("default", "value", "is_given"),
    [
        ({"a": 1}, {"a": 1}, False),
        ({"a": 1}, {"a": True}, True),
        ([0], [False], True),
        (1, 1.0, True),
        (0.0, -0.0, True),
        (True, True, False),
        (5, None, False),
    ],
)
def test_what_equals_its_default_is_left_to_metaflow(
    default: Any, value: Any, is_given: bool
) -> None:
    parameter = Parameter(name="some-name", argument="some_name", kind="json")
    found = given_values([parameter], signed(default), {"some_name": value})
    assert found == ({"some-name": value} if is_given else {})


@pytest.mark.parametrize(("kind", "text"), [("str", "\udcff"), ("json", '["\\ud800"]')])
def test_text_that_prefect_cannot_keep_is_refused(kind: Any, text: str) -> None:
    with pytest.raises(own_click.BadParameter, match="is not UTF-8"):
        reader(Parameter(name="name", kind=kind))(text)
