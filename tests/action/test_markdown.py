"""Any text stays text in the job's summary, and the summary stays below GitHub's limit."""

import html
import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from mfp.action.markdown import block, code, table, text
from mfp.action.report import Change, Flow, Report
from mfp.action.runner import Runner
from mfp.action.summary import ROOM, conversion
from mfp.action.workflow_commands import Annotation
from mfp.terminal import printable
from runner.log import Shown, read_log

RUNNER = Runner(
    root=Path("/r"),
    output=Path("/o"),
    summary=Path("/s"),
    temporary=Path("/t"),
    blob="https://github.example/o/r/blob/c",
)
REPORT = Report(mode="check", fail_on_error="any", fix="mfp convert-all")
TEXTS = st.text(st.characters(codec="utf-8"))


@given(TEXTS)
def test_text_has_no_markup_and_comes_back(value: str) -> None:
    written = text(value)
    assert not set("\n\r|`*_[]<>\\!@:~") & set(written.replace("<br>", ""))
    lines = [html.unescape(line) for line in written.split("<br>")]
    assert lines == ([printable(line) for line in value.splitlines()] or [""])


@given(TEXTS)
def test_a_row_stays_a_row(value: str) -> None:
    [_, _, row] = table(("a", "b"), [(code(value), text(value))])
    assert row.count("|") == 3
    assert row.count("\n") == 1


@given(TEXTS)
def test_a_block_ends_where_the_text_does(value: str) -> None:
    first, *lines = re.split("\r\n|\n|\r", block(value, "diff"))
    fence = first.removesuffix("diff")
    assert lines[-2:] == [fence, ""]
    assert fence not in "".join(lines[:-2])


@given(TEXTS, TEXTS, TEXTS)
def test_an_annotation_comes_back(path: str, title: str, message: str) -> None:
    line = str(Annotation(title=title, message=message, path=path, line=3))
    assert len(re.split("\r\n|\n|\r", line)) == 1
    expected = Shown("error", message, file=path, line=3, title=title)
    # What Python takes for the end of a line, but GitHub does not.
    if line.splitlines() == [line]:
        assert read_log(line).annotations == [expected]


def test_a_link_is_quoted() -> None:
    assert RUNNER.link('a b"><x', 3) == "https://github.example/o/r/blob/c/a%20b%22%3E%3Cx#L3"
    assert RUNNER.link("../outside.py", 3) is None
    assert replace(RUNNER, blob=None).link("a.py", 3) is None


def test_there_is_room_for_everything_that_fits() -> None:
    failed = [
        Flow(path=f"f{number}.py", name="F", line=1, status="failed", error="x" * 300)
        for number in range(4000)
    ]
    changes = [
        Change(path=f"g{number}.py", what="changed", difference="y" * 50_000)
        for number in range(40)
    ]
    page = conversion(replace(REPORT, flows=tuple(failed), changes=tuple(changes)), RUNNER)
    assert 0.9 * ROOM < len(page.encode()) <= ROOM
    assert page.count("**failed**") > 1000
    assert page.count("```diff") > 5
    assert page.count("more; see the report") == 2
    assert page.count("<details>") == page.count("</details>")
