"""Values as source: read back they are the same, and the formatter has nothing to change."""

import ast
import math
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from metaflow_prefect.generate.literals import literal, text_literal
from metaflow_prefect.model import LiteralDict, LiteralList, Literals
from support.run import LIMIT
from unit.core.interpreters import OLDEST_AND_NEWEST, interpreter, run_python

# Any code point, surrogates included; and what is likely to break a literal.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=30) | st.text(
    st.sampled_from("\"'\\\n\r\t\0{}%uxN\u202e\u2028\ud800\U0001f40d\x85 "), max_size=12
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES: st.SearchStrategy[Literals] = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda entries: LiteralList(tuple(entries)))
        # the formatter never explodes a tuple of one, and no flow has one
        | st.lists(inner, min_size=2, max_size=4).map(tuple)
        | st.dictionaries(TEXTS | st.integers(), inner, max_size=4).map(
            lambda table: LiteralDict(tuple(table.items()))
        )
    ),
    max_leaves=8,
)
# The first example is always the smallest one.
FEW = settings(
    max_examples=6, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example]
)


def plain(value: Literals) -> object:
    """The value itself, of plain Python types."""
    if isinstance(value, LiteralList):
        return [plain(entry) for entry in value.entries]
    if isinstance(value, LiteralDict):
        return {plain(k): plain(v) for k, v in value.items}
    if isinstance(value, tuple):
        return tuple(plain(entry) for entry in value)
    return value


def read_back(source: str) -> object:
    """Read a literal as `ast.literal_eval` does, and infinity, which has none."""

    class Infinity(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            (argument,) = node.args
            assert ast.unparse(node.func) == "float"
            number = ast.literal_eval(argument)
            assert number in {"inf", "-inf"}
            return ast.parse("1e999" if number == "inf" else "-1e999", mode="eval").body

    return ast.literal_eval(Infinity().visit(ast.parse(source, mode="eval")).body)


@given(TEXTS)
def test_a_text_is_read_back_unchanged(text: str) -> None:
    assert ast.literal_eval(text_literal(text)) == text


@given(TEXTS)
def test_a_text_is_one_line_of_characters_that_can_be_seen_and_stored(text: str) -> None:
    source = text_literal(text)
    assert source.isprintable()
    assert source.encode().decode() == source
    assert all(unicodedata.bidirectional(c) not in {"RLO", "LRO", "RLI", "PDF"} for c in source)


@settings(max_examples=40)
@given(VALUES)
def test_a_value_is_read_back_with_its_types(value: Literals) -> None:
    assert repr(read_back(literal(value))) == repr(plain(value))


@pytest.mark.parametrize(
    ("text", "source"),
    [
        pytest.param("", '""', id="empty"),
        pytest.param("it's", '"it\'s"', id="apostrophe"),
        pytest.param('say "a"', "'say \"a\"'", id="double-quotes"),
        pytest.param("'\"", '"\'\\""', id="as-many-of-both"),
        pytest.param('\'""', "'\\'\"\"'", id="more-double-ones"),
        pytest.param("\\'", '"\\\\\'"', id="backslash-before-quote"),
        pytest.param("ž日本", '"ž日本"', id="letters-stay"),
        pytest.param("\U0001f40d", '"\U0001f40d"', id="emoji-stay"),
        pytest.param("\u202eabc", '"\\u202eabc"', id="right-to-left-override"),
        pytest.param("\ud800", '"\\ud800"', id="surrogate"),
        pytest.param("a\0\n", '"a\\x00\\n"', id="control"),
        pytest.param("\u00a0\u200b", '"\\xa0\\u200b"', id="spaces-that-look-like-others"),
        pytest.param("{x} %s", '"{x} %s"', id="no-template"),
    ],
)
def test_a_text_is_written_as_the_formatter_would(text: str, source: str) -> None:
    assert text_literal(text) == source


@pytest.mark.parametrize("value", [math.inf, -math.inf, -0.0, 1e300, 5e-324, 1e16, 0.1, -3])
def test_a_number_is_the_same_number(value: float) -> None:
    assert repr(read_back(literal(value))) == repr(value)


@pytest.mark.process
@FEW
@given(st.lists(VALUES, min_size=60, max_size=60))
def test_the_formatter_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, values: list[Literals]
) -> None:
    lines = [f"v{place} = {literal(value)}" for place, value in enumerate(values)]
    lines = [line for line in lines if len(line) <= 44]  # however wide its characters are
    file = tmp_path_factory.mktemp("literals") / "values.py"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    format_unchanged(file)


def format_unchanged(file: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--diff", file],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    if ended.returncode:
        pytest.fail(f"{ended.stdout}{ended.stderr}", pytrace=False)


ALL_CHARACTERS = """
import hashlib, sys
from metaflow_prefect.generate.literals import text_literal
from metaflow_prefect.generate.names import identifier
blocks = [*range(0x3400), *range(0xA000, 0xAC00), *range(0xD700, 0x13000), *range(0x1D000, 0x20000)]
text = "".join(map(chr, blocks))
names = [identifier("a" + character) for character in text]
print(hashlib.sha256("\\n".join([text_literal(text), *names]).encode()).hexdigest())
"""


@pytest.mark.process
@pytest.mark.one_a_day("version")
@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_characters_of_all_alphabets_are_written_the_same_by_every_python(version: str) -> None:
    theirs = run_python(interpreter(version), ALL_CHARACTERS)
    assert theirs == run_python(sys.executable, ALL_CHARACTERS)
