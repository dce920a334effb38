"""Tells in readable lines how two runs differ."""

import re

from support.snapshot import Snapshot

_OURS_MAY_ADD = re.compile(r"attempt \d+: metadata prefect-[\w-]+$")
_WIDTH = 240


def differences(native: Snapshot, ours: Snapshot) -> list[str]:
    """One line for each difference; none if the runs are the same.

    Metadata fields whose names begin with `prefect-` may be in `ours` alone.
    """
    lines = []
    only_native = _subjects(native) - _subjects(ours)
    only_ours = _subjects(ours) - _subjects(native)
    lines += [f"{subject}: only in the native run" for subject in sorted(only_native)]
    lines += [f"{subject}: not in the native run" for subject in sorted(only_ours)]
    for name in sorted(native.facts.keys() | ours.facts.keys()):
        if _subject(name) in only_native | only_ours:
            continue
        if name not in native.facts and _OURS_MAY_ADD.search(name):
            continue
        left, right = native.facts.get(name), ours.facts.get(name)
        if left != right:
            lines.append(_line(name, left, right))
    return lines


def _subject(name: str) -> str:
    return name.partition(": ")[0]


def _subjects(snapshot: Snapshot) -> set[str]:
    return {_subject(name) for name in snapshot.facts}


def _line(name: str, left: str | None, right: str | None) -> str:
    if left is None:
        return f"{name}: not in the native run, ours {_cut(right or '', 0)}"
    if right is None:
        return f"{name}: native {_cut(left, 0)}, missing in ours"
    at = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), 0)
    return f"{name}: native {_cut(left, at)}, ours {_cut(right, at)}"


def _cut(text: str, at: int) -> str:
    """A part of the text around the place where it differs, in one line."""
    text = text.replace("\n", "\\n")
    if len(text) <= _WIDTH:
        return text
    start = max(0, at - _WIDTH // 2)
    return f"{'...' if start else ''}{text[start : start + _WIDTH]}..."
