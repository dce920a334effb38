"""Comments of a YAML text: each stays above the line that it is written above.

Ruamel keeps a comment with the value before it, and loses it when that goes.
"""

from bisect import bisect
from collections import Counter
from difflib import SequenceMatcher
from itertools import accumulate, zip_longest

import yaml


def keep_comments(before: str, after: str) -> str:
    """Put the lines of comments, and empty ones, back to where they were.

    Args:
        before: The text as it was, with line feeds as its ends of lines.
        after: What ruamel has made of it.

    Returns:
        The text; it is the one given if the comments' places cannot be told.
    """
    try:
        old, above = _split(before)
        new, left = _split(after)
        result = "".join(_merge(old, above, new, left))
        same = yaml.compose(result), yaml.compose(after)
    except yaml.YAMLError:
        return after
    return result if yaml.serialize(same[0]) == yaml.serialize(same[1]) else after


def _split(text: str) -> tuple[list[str], list[list[str]]]:
    """Give the lines with content and, for each and for the end, the comments above it."""
    lines = [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
    starts = [0, *accumulate(map(len, lines))]
    inside: set[int] = set()  # of a text of several lines, in which `#` begins no comment
    for token in yaml.scan(text):
        if isinstance(token, yaml.ScalarToken):
            first, end = token.start_mark.index, token.end_mark.index
            inside.update(range(bisect(starts, first), bisect(starts, end - 1)))
    content: list[str] = []
    above: list[list[str]] = [[]]
    for number, line in enumerate(lines):
        if number not in inside and line.lstrip()[:1] in ("", "#"):
            above[-1].append(line)
        else:
            content.append(line)
            above.append([])
    return content, above


def _merge(
    old: list[str], above: list[list[str]], new: list[str], left: list[list[str]]
) -> list[str]:
    kept = Counter(line.strip() for run in left for line in run)
    runs: list[list[str]] = [[] for _ in range(len(new) + 1)]
    matcher = SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)
    for _, first, last, start, end in matcher.get_opcodes():
        for number in range(first, last):
            place = start + number - first
            # What was above a line that is gone goes with it, unless ruamel has kept it.
            if place < end or any(line.strip() and kept[line.strip()] for line in above[number]):
                runs[min(place, end)] += above[number]
    runs[-1 if old else 0] += above[-1]
    return [line for run, content in zip(runs, [*new, ""], strict=True) for line in (*run, content)]


def _keys(lines: list[str]) -> list[str]:
    """Give texts by which lines are known; an item's first line is often that of others, too."""
    stripped = [line.strip() for line in lines]
    return [
        line + after if line.startswith("- ") else line
        for line, after in zip_longest(stripped, stripped[1:], fillvalue="")
    ]
