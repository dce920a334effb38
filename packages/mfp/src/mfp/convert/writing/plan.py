"""Which flow goes to which file."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mfp.discover import FoundFlow
from mfp.settings import FlowSettings, Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A flow and the file that it becomes.

    Attributes:
        path: The flow's file, relative to the current folder.
        line: The line of its `class` statement, if it is known.
        name: The class.
        output: The generated file, relative to the current folder.
        settings: What it is converted and deployed with.
    """

    path: PurePosixPath
    line: int | None
    name: str
    output: PurePosixPath
    settings: FlowSettings = field(default_factory=FlowSettings)


def plan(flows: Sequence[FoundFlow], folder: str, settings: Settings) -> list[Planned]:
    """Give each flow a file of its own.

    The folders of the project are mirrored: the flow in FOLDER/FILE.py becomes
    FOLDER/FILE_prefect.py, one of several in a file FOLDER/FILE_CLASS_prefect.py.

    Args:
        flows: All flows of the project, so that none has another place where only a part of
            them is converted.
        folder: Where the generated files go.
        settings: What each flow is converted with; paths are mirrored from its folder on.

    Returns:
        The flows with their files, sorted.
    """
    many = Counter(flow.path for flow in flows)
    taken: set[str] = set()
    found: list[Planned] = []
    # Those that are alone come first, so that theirs are the plain names.
    for flow in sorted(flows, key=lambda one: (many[one.path] > 1, one.path, one.line)):
        chosen = settings.for_flow(flow.path)
        stem = flow.path.stem if many[flow.path] == 1 else f"{flow.path.stem}_{flow.name}"
        name = chosen.output or f"{stem}_prefect.py"
        place = PurePosixPath(folder, _below(flow.path.parent, settings.folder))
        number = 1
        while (output := place / _file_name(name, number)) and _key(output) in taken:
            number += 1
        taken.add(_key(output))
        found.append(
            Planned(path=flow.path, line=flow.line, name=flow.name, output=output, settings=chosen)
        )
    return sorted(found, key=lambda one: (one.path, one.line or 0))


def _file_name(name: str, number: int) -> str:
    if number == 1:
        return name
    end = "_prefect.py" if name.endswith("_prefect.py") else ".py"
    return f"{name.removesuffix(end)}_{number}{end}"


def _key(path: PurePosixPath) -> str:
    """Give what a file system that does not tell cases apart would see."""
    return str(path).casefold()


def _below(folder: PurePosixPath, base: Path) -> PurePosixPath:
    """Give a folder relative to the base; one outside of it loses its dots."""
    relative = PurePosixPath(os.path.relpath(folder, base))
    return PurePosixPath(*(part for part in relative.parts if part != ".."))
