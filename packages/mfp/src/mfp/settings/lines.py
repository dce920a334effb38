"""On which line of a TOML file a key is; the readers of TOML do not tell."""

import re
from collections.abc import Sequence

HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")


def line_of(text: str, keys: Sequence[str | int]) -> int | None:
    """Find a key.

    Args:
        text: What the file holds.
        keys: The way to it, as `("tool", "mfp", "overrides", 1, "tags")`.

    Returns:
        The line, from 1; that of its table if the key is not found, None if that is not either.
    """
    names = [key for key in keys if isinstance(key, str)]
    wanted = next((key for key in keys if isinstance(key, int)), 0)
    found, depth, counted = None, 0, -1
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        rest = line
        if header := HEADER.match(line):
            table = [part.strip(" \"'") for part in header[2].split(".")]
            rest = ""
            if header[1] == "[[" and table == names[: len(table)]:
                counted += 1
        if table != names[: len(table)] or (counted >= 0 and counted != wanted):
            continue
        reached = len(table) + _keys_in(rest, names[len(table) :])
        if reached > depth:
            found, depth = number, reached
    return found


def _keys_in(line: str, names: Sequence[str]) -> int:
    """Count how many of the keys, one after the other, are in a line."""
    place = 0
    for count, name in enumerate(names):
        key = re.compile(rf"(?:^|[\s{{,.\"'])({re.escape(name)})[\"']?\s*[=.]")
        found = key.search(line, place)
        if found is None or (count == 0 and line[: found.start(1)].strip(" \"'")):
            return count
        place = found.end(1)
    return len(names)
