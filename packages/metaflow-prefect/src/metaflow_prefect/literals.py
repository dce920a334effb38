"""Write values as Python source that the formatter leaves as it is."""

from __future__ import annotations

import math

from metaflow_prefect.model import LiteralDict, LiteralList, Literals

INDENT = "    "


def text_literal(text: str) -> str:
    """Write a string as ruff's formatter would: double quotes unless that escapes more.

    Everything that is not printable is escaped, so no string can leave its quotes,
    reorder the line or hide in it.
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = repr(text)
    inner, used = body[1:-1], body[0]
    if used != quote:
        inner = inner.replace("\\" + used, used).replace(quote, "\\" + quote)
    return f"{quote}{inner}{quote}"


def literal(value: Literals, depth: int = 0) -> str:
    """Write a value; every entry of a collection has a line of its own.

    Args:
        value: The value.
        depth: How deep the line that it begins on is indented.

    Returns:
        Source whose first line has no indent.
    """
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, float) and math.isinf(value):
        return f'float("{value}")'
    if isinstance(value, LiteralDict):
        return exploded(
            "{",
            [f"{literal(k, depth + 1)}: {literal(v, depth + 1)}" for k, v in value.items],
            "}",
            depth,
        )
    if isinstance(value, LiteralList):
        return exploded("[", [literal(e, depth + 1) for e in value.entries], "]", depth)
    if isinstance(value, tuple):
        return exploded("(", [literal(e, depth + 1) for e in value], ")", depth)
    return repr(value)


def exploded(opening: str, entries: list[str], closing: str, depth: int) -> str:
    """Write bracketed entries on lines of their own, each with its comma."""
    if not entries:
        return opening + closing
    inside = INDENT * (depth + 1)
    lines = [f"{inside}{entry}," for entry in entries]
    return "\n".join([opening, *lines, INDENT * depth + closing])
