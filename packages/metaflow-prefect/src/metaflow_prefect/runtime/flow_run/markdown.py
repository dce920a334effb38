"""Markdown in which any text stays text, and the snippets that fetch what a run left.

What users print, name and give as values may hold any character. Nothing of it is to
become markup on Prefect's pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&$:@=^])")
LINK_SPECIAL = re.compile(r"([\\`*{}\[\]()<>!|~&$@^])")
BACKTICKS = re.compile(r"`+")
LONGEST_CELL = 120  # characters


def md_text(text: str, longest: int = LONGEST_CELL) -> str:
    """Return a text as one line of Markdown that shows it as it is."""
    return SPECIAL.sub(r"\\\1", one_line(text, longest))


def one_line(text: str, longest: int = LONGEST_CELL) -> str:
    """Return a text as one line, cut where it is too long."""
    cut = text[: longest + 1]
    line = " ".join("".join(c if c.isprintable() else " " for c in cut).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}\u2026"


def md_code(text: str, longest: int = LONGEST_CELL) -> str:
    """Return a text as code within a line or a cell of a table."""
    line = one_line(text, longest).replace("|", "\\|")
    if not line:
        return ""
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if "`" in (line[0], line[-1]) else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def md_block(text: str, language: str = "text") -> list[str]:
    """Return lines of a text as a block of code."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return [f"{fence}{language}", *text.splitlines(), fence, ""]


def md_link(text: str, url: str | None) -> str:
    """Return a link, or only its text where there is no page for it.

    Of escapes in the text of a link, Prefect's pages understand those of brackets only;
    so it should hold words, not values.
    """
    if not url:
        return md_text(text)
    shown = LINK_SPECIAL.sub(r"\\\1", one_line(text))
    return f"[{shown}]({url})"


def md_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table of cells that are Markdown already."""
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return [*lines, ""]


def md_snippet(metadata: str, kinds: str, lines: Sequence[str]) -> list[str]:
    """Return Python code that reads with Metaflow's client, from any folder.

    Args:
        metadata: Metaflow's metadata provider and where it is.
        kinds: The classes of Metaflow's client that it uses.
        lines: What it does with them.
    """
    first = f"from metaflow import {kinds}, metadata, namespace"
    start = [first, "", f"metadata({metadata!r})", "namespace(None)"]
    return md_block("\n".join([*start, *lines]), "python")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _longest_run(text: str) -> int:
    return max(map(len, BACKTICKS.findall(text)), default=0)
