"""Values of a Prefect run as words of Metaflow's command line, read back by its own click."""

import json
import math
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metaflow_prefect.runtime.flow_run.facts import ParameterFacts
from metaflow_prefect.runtime.flow_run.values import parameter_words

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
    words = parameter_words(ParameterFacts("some-name", "some_name", kind), value)
    assert same(read_back(words, kind), value)


@settings(max_examples=40)
@given(st.data(), st.sampled_from(["int", "float", "bool", "str"]))
def test_several_values(data: st.DataObject, kind: Any) -> None:
    values = data.draw(st.lists(VALUES[kind], max_size=3))
    facts = ParameterFacts("some-name", "some_name", kind, multiple=True)
    found = read_back(parameter_words(facts, values), kind, multiple=True)
    assert same(tuple(found), tuple(values))


@settings(max_examples=40)
@given(st.data(), st.sampled_from(["int", "float", "bool", "str"]))
def test_values_of_a_pair(data: st.DataObject, kind: Any) -> None:
    values = data.draw(st.lists(VALUES[kind], min_size=2, max_size=2))
    facts = ParameterFacts("some-name", "some_name", kind, arity=2)
    found = read_back(parameter_words(facts, values), kind, nargs=2)
    assert same(tuple(found), tuple(values))


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e22, -0.0])
def test_a_float_at_its_limits(value: float) -> None:
    words = parameter_words(ParameterFacts("some-name", "some_name", "float"), value)
    assert same(read_back(words, "float"), value)


def test_a_text_that_is_json_is_read_as_json() -> None:
    words = parameter_words(ParameterFacts("some-name", "some_name", "json"), '{"a": 1}')
    assert read_back(words, "json") == {"a": 1}


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_has_no_value(value: bool) -> None:
    facts = ParameterFacts("some-name", "some_name", "bool", is_flag=True)
    assert parameter_words(facts, value) == (["--some-name"] if value else [])
