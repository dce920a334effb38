"""A quarter of a megabyte of the worst that a step can print is dealt with at once."""

from collections.abc import Callable

import pytest
from metaflow_prefect.runtime.flow_run.host_client import TERMINAL_CODES
from metaflow_prefect.runtime.flow_run.markdown import md_block, md_code, md_text
from metaflow_prefect.runtime.flow_run.step_lines import LEVEL, StepLines
from metaflow_prefect.runtime.flow_run.tracebacks import place_of, printed_error, user_lines
from metaflow_prefect.runtime.host.worker import STRUCTURED, TimeLimit

SIZE = 250_000
USES: dict[str, Callable[[str], object]] = {
    "level": LEVEL.match,
    "lines": lambda text: StepLines("/metaflow").read("stderr", text),
    "frame": lambda text: (place_of([text]), user_lines([text]), printed_error([text])),
    "Markdown": lambda text: (md_block(text), md_code(text), md_text(text)),
    "terminal codes": lambda text: TERMINAL_CODES.sub("", text),
    "mark of a line": lambda text: STRUCTURED.match(text.encode()),
    "time limit": lambda text: TimeLimit._sign_of("start").match(text.encode()),
}
BEGINNINGS = {
    "": "",
    "date": "2026-11-24 ",
    "bracket": "[",
    "frame": '  File "/',
    "traceback": "Traceback (most recent call last):",
    "mark": "[MFLOG|0|",
    "mark with time": "[MFLOG|0|2026-11-24T10:00:00.000000Z|",
    "error": "metaflow.plugins.timeout_decorator.TimeoutException: Step start timed out after ",
}
PIECES = (
    *(".", " ", "1", "-", "Z|", "]", "\x1b[", "\x1b[1;", "\x1b", ", ", "T", "- ", "[!"),
    *("/lib/python3.", "`", "|", "<"),
)


# Quadratic time would be minutes for each: that it ends is what this asserts.
@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
def test_no_text_takes_long(use: Callable[[str], object], beginning: str) -> None:
    for piece in PIECES:
        use(beginning + piece * (SIZE // len(piece)))
