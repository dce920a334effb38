"""Python's tracebacks, as steps print them and as Metaflow keeps them.

Nothing here knows Prefect or Metaflow. All that is read may be of any form and size:
no expression here takes more than linear time, and nothing is collected without bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

TRACEBACK = "Traceback (most recent call last):"
FRAME = re.compile(r'  File "([^"\n]{1,4096})", line (\d{1,9}), in ')
CHAINED = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
# Metaflow's own frames, wherever its package or a code package lies.
METAFLOW_FRAMES = re.compile(r"(?:site|dist)-packages/metaflow/|\.mf_code/metaflow/")
LIBRARY_FRAMES = re.compile(r"(?:site|dist)-packages/|/lib/python3\.\d+/|<")
LONGEST_HEADLINE = 200  # characters
LONGEST_TRACE = 12_000  # characters that are shown of a traceback


@dataclass(frozen=True)
class StepError:
    """The exception that ended an attempt, or that `@catch` caught.

    Args:
        headline: Its type and the first line of its message.
        trace: The traceback without Metaflow's frames; may be empty.
        place: The file and line of the user's code that it came from; may be empty.
    """

    headline: str
    trace: str = ""
    place: str = ""


def stored_error(stored: dict[str, str | None], hidden: str = "") -> StepError:
    """Return an exception that Metaflow has kept.

    Args:
        stored: Its `type`, `message` and `trace`.
        hidden: The folder of the Metaflow package.
    """
    kind = str(stored["type"]).rpartition(".")[2]
    headline = shortened(f"{kind}: {stored['message'] or ''}".strip().rstrip(":"))
    lines = str(stored["trace"] or "").rstrip().splitlines()
    return StepError(
        headline, trace_text(user_lines(lines, hidden)), place_of(lines, hidden)
    )


def printed_error(lines: Sequence[str], hidden: str = "") -> StepError:
    """Return the exception of a traceback that a step has printed."""
    last = max((i for i, line in enumerate(lines) if line[:1].strip()), default=0)
    headline = shortened(lines[last])
    return StepError(
        headline, trace_text(user_lines(lines, hidden)), place_of(lines, hidden)
    )


def shortened(text: str, longest: int = LONGEST_HEADLINE) -> str:
    """Return the first line of a text as it fits a line of Prefect's pages."""
    line = text.strip().split("\n", 1)[0].rstrip()
    line = "".join(c if c.isprintable() else " " for c in line[: longest + 1])
    return line if len(line) <= longest else f"{line[: longest - 1]}\u2026"


def user_lines(lines: Iterable[str], hidden: str = "") -> list[str]:
    """Leave Metaflow's own frames out of a traceback, unless it has no others."""
    kept: list[str] = []
    frames, skipping = 0, False
    lines = list(lines)
    for line in lines:
        frame = FRAME.match(line)
        if frame:
            skipping = _is_metaflow(frame[1], hidden)
            frames += not skipping
        elif not line.startswith(("    ", "  [Previous line repeated")):
            skipping = False
        if not skipping:
            kept.append(line)
    return kept if frames else lines


def place_of(lines: Iterable[str], hidden: str = "") -> str:
    """Return where in the user's code a traceback ends, as `file.py:24`."""
    place = library = ""
    for line in lines:
        frame = FRAME.match(line)
        if frame is None or _is_metaflow(frame[1], hidden):
            continue
        found = f"{PurePath(frame[1]).name}:{frame[2]}"
        if LIBRARY_FRAMES.search(frame[1]):
            library = found
        else:
            place = found
    return place or library


def _is_metaflow(path: str, hidden: str) -> bool:
    in_package = bool(hidden) and path.startswith(f"{hidden}/")
    return in_package or bool(METAFLOW_FRAMES.search(path))


def trace_text(lines: Sequence[str]) -> str:
    """Return a traceback as one text; of a very long one its beginning and its end."""
    text = "\n".join(lines)
    if len(text) <= LONGEST_TRACE:
        return text
    half = LONGEST_TRACE // 2
    return f"{text[:half]}\n  \u2026\n{text[-half:]}"
