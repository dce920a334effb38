"""The expressions of the executor mean what they mean on GitHub."""

import pytest
from runner.expressions import (
    PURE,
    ExpressionError,
    Value,
    as_text,
    evaluate,
    names_function,
    substitute,
)

CONTEXTS: dict[str, Value] = {
    "inputs": {"paths": "a b", "empty": "", "with-hyphen": "x"},
    "steps": {"one": {"outputs": {"count": "3"}, "outcome": "success"}},
    "env": {"NAME": "v"},
    "needs": {"job": {"outputs": {}}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.paths", "a b"),
        ("inputs.with-hyphen", "x"),
        ("steps.one.outputs.count", "3"),
        ("steps.one.outputs.nothing", None),
        ("env.NOTHING", None),
        ("needs.job.outputs.x || '[]'", "[]"),
        ("'it''s'", "it's"),
        ("inputs.empty || 'other'", "other"),
        ("inputs.paths && 'yes' || 'no'", "yes"),
        ("inputs.empty && 'yes' || 'no'", "no"),
        ("inputs.empty != ''", False),
        ("'ABC' == 'abc'", True),
        ("'3' == 3", True),
        ("'' == 0", True),
        ("'x' == 0", False),
        ("null == ''", True),
        ("!inputs.empty", True),
        ("!(true && false)", True),
        ("true || false && false", True),
        ("steps.one.outputs.count != '0'", True),
        ("format('{0}-{1}', inputs.with-hyphen, 1)", "x-1"),
        ("contains('Hello', 'ell')", True),
        ("contains(fromJSON('[\"a\"]'), 'a')", True),
    ],
)
def test_value(text: str, value: Value) -> None:
    assert evaluate(text, CONTEXTS, PURE) == value


@pytest.mark.parametrize(
    "text",
    [
        "inputs.unknown",
        "steps.two.outputs.count",
        "steps.one.output",
        "github.token",
        "hashFiles('x')",
        "inputs.paths inputs.paths",
        "'open",
        "1 +",
        "inputs[0]",
        "",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, CONTEXTS, PURE)


def test_texts() -> None:
    texts = "<${{ inputs.paths }}|${{ 'a}}b' }}|${{ inputs.empty != '' }}>"
    assert substitute(texts, CONTEXTS, PURE) == "<a b|a}}b|false>"
    assert [as_text(one) for one in (None, True, 3.0, 0.5)] == ["", "true", "3", "0.5"]
    with pytest.raises(ExpressionError):
        substitute("${{ inputs.paths", CONTEXTS, PURE)


def test_status_functions_are_found() -> None:
    assert names_function("always() && x", ("always",))
    assert not names_function("'always()'", ("always",))
