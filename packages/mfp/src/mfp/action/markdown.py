"""Markdown in which any text stays text."""

import re
import string
from collections.abc import Sequence

from mfp.terminal import printable

# A character reference is never taken for markup, whatever stands around it.
_REFERENCES = {ord(one): f"&#{ord(one)};" for one in string.punctuation if one not in "-/,"}


def text(value: str) -> str:
    """Write any text for a table or a paragraph.

    Args:
        value: The text; its line breaks stay.

    Returns:
        Markdown in one line.
    """
    lines = (printable(line).translate(_REFERENCES) for line in value.splitlines())
    return "<br>".join(lines)


def code(value: str) -> str:
    """Write any text as code in a table or a paragraph."""
    return f"<code>{text(value)}</code>"


def link(value: str, address: str | None) -> str:
    """Write code that leads somewhere.

    Args:
        value: The text.
        address: Where to, with its special characters quoted; None for no link.

    Returns:
        Markdown in one line.
    """
    return code(value) if address is None else f'<a href="{address}">{code(value)}</a>'


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a table.

    Args:
        header: The names of the columns.
        rows: The cells, each markdown in one line.

    Returns:
        The lines of the head and of the rows, each with its line break.
    """
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cells)} |\n" for cells in lines]


def block(value: str, language: str) -> str:
    """Write a block of code that ends where the text does.

    Args:
        value: The text.
        language: How it is coloured.

    Returns:
        The block, with a line break at its end.
    """
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * max(3, longest + 1)
    end = "" if value.endswith("\n") else "\n"
    return f"{fence}{language}\n{value}{end}{fence}\n"
