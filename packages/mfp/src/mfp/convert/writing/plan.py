"""Which flow goes to which file."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mfp.discover import FoundFlow
from mfp.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A flow and the file that it becomes.

    Attributes:
        path: The flow's file, relative to the current folder.
        line: The line of its `class` statement.
        name: The class.
        output: The generated file, relative to the current folder.
    """

    path: PurePosixPath
    line: int
    name: str
    output: PurePosixPath


def plan(
    flows: Sequence[FoundFlow], paths: Sequence[str], folder: str, settings: Settings
) -> list[Planned]:
    """Give each flow a file of its own, the same one whatever the others are, if it can be.

    The folders below the path that was asked for are mirrored; of several paths, those below the
    folder that they have in common. A flow that is alone in its file FILE.py becomes
    FILE_prefect.py, one of several FILE_CLASS_prefect.py.

    Args:
        flows: The flows, sorted.
        paths: What was asked for, relative to the current folder.
        folder: Where the generated files go.
        settings: What may name the generated files otherwise.

    Returns:
        The flows with their files, in the same order.
    """
    base = _base(paths)
    many = Counter(flow.path for flow in flows)
    taken: set[str] = set()
    outputs: dict[FoundFlow, PurePosixPath] = {}
    # Those that are alone come first, so that theirs are the plain names.
    for flow in sorted(flows, key=lambda one: many[one.path] > 1):
        stem = flow.path.stem if many[flow.path] == 1 else f"{flow.path.stem}_{flow.name}"
        name = settings.for_flow(flow.path).output or f"{stem}_prefect.py"
        place = PurePosixPath(folder, _below(flow.path.parent, base))
        number = 1
        while (output := place / _file_name(name, number)) and _key(output) in taken:
            number += 1
        taken.add(_key(output))
        outputs[flow] = output
    return [
        Planned(path=flow.path, line=flow.line, name=flow.name, output=outputs[flow])
        for flow in flows
    ]


def _file_name(name: str, number: int) -> str:
    if number == 1:
        return name
    end = "_prefect.py" if name.endswith("_prefect.py") else ".py"
    return f"{name.removesuffix(end)}_{number}{end}"


def _key(path: PurePosixPath) -> str:
    """Give what a file system that does not tell cases apart would see."""
    return str(path).casefold()


def _base(paths: Sequence[str]) -> str:
    folders = [path if Path(path).is_dir() else str(Path(path).parent) for path in paths]
    return os.path.commonpath([os.path.abspath(one) for one in folders])  # noqa: PTH100


def _below(folder: PurePosixPath, base: str) -> PurePosixPath:
    """Give a folder relative to the base; one outside of it loses its dots."""
    relative = PurePosixPath(os.path.relpath(os.path.abspath(folder), base))  # noqa: PTH100
    return PurePosixPath(*(part for part in relative.parts if part != ".."))
