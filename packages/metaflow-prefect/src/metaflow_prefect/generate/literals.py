"""Write values as Python source that the formatter leaves as it is."""

from __future__ import annotations

import math
from unicodedata import ucd_3_2_0

from metaflow_prefect.model import LiteralDict, LiteralList, Literals

# Emoji, assigned without gaps long before the Unicode version of any supported Python.
EMOJI = (range(0x1F300, 0x1F650), range(0x1F910, 0x1F93B))


def text_literal(text: str) -> str:
    """Write a string as ruff's formatter would: double quotes unless that escapes more.

    Everything that is not printable is escaped, so no string can leave its quotes,
    reorder the line or hide in it.
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{escaped(text).replace(quote, chr(92) + quote)}{quote}"


def escaped(text: str) -> str:
    """Return a text as the inside of a literal, its quotes left to the caller."""
    return "".join(c if _shown(c) else ascii(c)[1:-1] for c in text)


def _shown(character: str) -> bool:
    """Return whether a character stands in a literal as it is.

    `str.isprintable` knows more characters with every Python, and the generated text
    must not depend on that; so only those of Unicode 3.2 count, which every Python knows.
    """
    if character == "\\":
        return False
    settled = ucd_3_2_0.category(character) != "Cn"
    return character.isprintable() and (settled or any(ord(character) in e for e in EMOJI))


def literal(value: Literals) -> str:
    """Write a value on one line.

    Args:
        value: The value.
    """
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, float) and math.isinf(value):
        return f'float("{value}")'
    if isinstance(value, LiteralDict):
        entries = (f"{literal(key)}: {literal(one)}" for key, one in value.items)
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, LiteralList):
        return f"[{', '.join(map(literal, value.entries))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    # The formatter writes 1e16 where Python writes 1e+16.
    return repr(value).replace("e+", "e")
