"""The part of GitHub's expressions that the actions and workflows here use.

See https://docs.github.com/en/actions/reference/workflows-and-actions/expressions.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

Value: TypeAlias = "str | float | bool | Mapping[str, Value] | list[Value] | None"
Functions: TypeAlias = "Mapping[str, Callable[..., Value]]"

TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)
    |(?P<sign>==|!=|&&|\|\||[!().,\[\]]))""",
    re.VERBOSE,
)
WORDS: Mapping[str, Value] = {"true": True, "false": False, "null": None}
EMBEDDED = re.compile(r"\$\{\{((?:[^'}]|'(?:[^']|'')*'|\}(?!\}))*)\}\}")
# In the contexts of these, what is not there is an empty text; elsewhere it is taken for an error.
OPEN = ("env", "outputs", "vars", "secrets", "event", "with", "pull_request", "head", "repo")


class ExpressionError(Exception):
    """An expression that is wrong, or that this does not know."""


def substitute(text: str, contexts: Mapping[str, Value], functions: "Functions") -> str:
    """Replace each `${{ … }}` in a text by the text of its value."""
    if text.count("${{") != len(EMBEDDED.findall(text)):
        raise ExpressionError(f"an expression does not end: {text!r}")
    return EMBEDDED.sub(lambda found: as_text(evaluate(found[1], contexts, functions)), text)


def value_of(text: Value, contexts: Mapping[str, Value], functions: "Functions") -> Value:
    """Give the value of a text that is one expression; of another, as `substitute` does."""
    if not isinstance(text, str):  # as YAML reads a scalar without quotes
        return text
    found = EMBEDDED.fullmatch(text.strip())
    if found:
        return evaluate(found[1], contexts, functions)
    return substitute(text, contexts, functions)


def evaluate(text: str, contexts: Mapping[str, Value], functions: "Functions") -> Value:
    """Evaluate an expression."""
    return _Parser(text, contexts, functions).whole()


def names_function(text: str, names: tuple[str, ...]) -> bool:
    """Say whether an expression calls one of some functions."""
    bare = re.sub(r"'(?:[^']|'')*'", "", text)
    return any(re.search(rf"\b{name}\s*\(", bare) for name in names)


def as_text(value: Value) -> str:
    """Turn a value into text as GitHub does."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return str(int(value)) if float(value).is_integer() else str(value)
    raise ExpressionError(f"an object or a list has no text: {value!r}")


def is_true(value: Value) -> bool:
    """Say whether a value counts as true."""
    return value not in (None, False, 0, "")


def equal(left: Value, right: Value) -> bool:
    """Compare as GitHub does: texts without regard to case, different kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    if type(left) is type(right):
        return left == right
    return _number(left) == _number(right)


def _number(value: Value) -> float:
    match value:
        case None | "":
            return 0.0
        case bool() | int() | float():
            return float(value)
        case str():
            try:
                return float(value)
            except ValueError:
                return math.nan
    return math.nan


class _Parser:
    """Reads and evaluates at once; there is nothing here whose evaluation would do harm."""

    def __init__(self, text: str, contexts: Mapping[str, Value], functions: "Functions") -> None:
        self._text = text
        self._tokens = self._split(text)
        self._place = 0
        self._contexts = contexts
        self._functions = functions

    def whole(self) -> Value:
        value = self._or()
        if self._place != len(self._tokens):
            raise self._error()
        return value

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, place = [], 0
        while text[place:].strip():
            found = TOKEN.match(text, place)
            if found is None or found.lastgroup is None:
                raise ExpressionError(f"not understood in {text!r}: {text[place:]!r}")
            tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        return tokens

    def _error(self) -> ExpressionError:
        return ExpressionError(f"not understood: {self._text!r} at {self._place}")

    def _next(self) -> tuple[str, str]:
        if self._place == len(self._tokens):
            raise self._error()
        self._place += 1
        return self._tokens[self._place - 1]

    def _is(self, *signs: str) -> str | None:
        """Take a sign, if it comes next."""
        ahead = self._tokens[self._place : self._place + 1]
        if ahead and ahead[0][0] == "sign" and ahead[0][1] in signs:
            self._place += 1
            return ahead[0][1]
        return None

    def _or(self) -> Value:
        value = self._and()
        while self._is("||"):
            other = self._and()
            value = value if is_true(value) else other
        return value

    def _and(self) -> Value:
        value = self._comparison()
        while self._is("&&"):
            other = self._comparison()
            value = other if is_true(value) else value
        return value

    def _comparison(self) -> Value:
        value = self._unary()
        while sign := self._is("==", "!="):
            value = equal(value, self._unary()) == (sign == "==")
        return value

    def _unary(self) -> Value:
        if self._is("!"):
            return not is_true(self._unary())
        if self._is("("):
            value = self._or()
            self._expect(")")
            return value
        kind, token = self._next()
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "number":
            return float(token)
        if kind != "name":
            raise self._error()
        return self._call(token) if self._is("(") else self._property(token)

    def _expect(self, sign: str) -> None:
        if not self._is(sign):
            raise self._error()

    def _call(self, name: str) -> Value:
        arguments: list[Value] = []
        while not self._is(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._or())
        if name not in self._functions:
            raise ExpressionError(f"unknown function {name} in {self._text!r}")
        return self._functions[name](*arguments)

    def _property(self, name: str) -> Value:
        if name in WORDS:
            return WORDS[name]
        if name not in self._contexts:
            raise ExpressionError(f"unknown context {name} in {self._text!r}")
        value = self._contexts[name]
        while self._is("."):
            kind, part = self._next()
            if kind != "name":
                raise self._error()
            if value is None and name in OPEN:
                continue
            if not isinstance(value, Mapping):
                raise ExpressionError(f"{name} has no {part} in {self._text!r}")
            if part not in value and name not in OPEN:
                raise ExpressionError(f"{name} has no {part} in {self._text!r}")
            value, name = value.get(part), part
        return value


def format_text(template: Value, *values: Value) -> str:
    """Do as the function `format`."""
    return as_text(template).format(*map(as_text, values))


def contains(where: Value, what: Value) -> bool:
    """Do as the function `contains`."""
    if isinstance(where, list):
        return any(equal(one, what) for one in where)
    return as_text(what).casefold() in as_text(where).casefold()


def from_json(text: Value) -> Value:
    """Do as the function `fromJSON`."""
    found: Value = json.loads(as_text(text))
    return found


PURE: Functions = {"format": format_text, "contains": contains, "fromJSON": from_json}
