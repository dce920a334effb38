"""Generated files that are no flow's any more."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias

from metaflow_prefect.generate.generated_file import is_edited, is_generated, origin_of

from mfp.convert.writing.outcome import Writing, difference
from mfp.convert.writing.plan import Planned
from mfp.discover import discover

Fate: TypeAlias = Literal["removed", "would be removed", "edited", "kept"]
_SKIPPED = ("node_modules", "__pycache__", "site-packages")


@dataclass(frozen=True, kw_only=True, slots=True)
class StaleFile:
    """A generated file that is no flow's any more, and what becomes of it.

    Attributes:
        path: The file.
        reason: Why, as a sentence without its full stop.
        fate: `edited` is one that was to be removed, but is somebody's work.
        difference: What its removal would change, as a unified diff, if it is only checked.
    """

    path: Path
    reason: str
    fate: Fate = "kept"
    difference: str = ""


def handle_stale_files(
    folder: Path, project: Sequence[Planned], how: Writing, *, prune: bool
) -> list[StaleFile]:
    """Remove the generated files in a folder that are no flow's, or say which they are.

    Args:
        folder: The folder that generated files go to.
        project: All flows of the project.
        how: Whether anything is written, and files that were edited by hand are removed, too.
        prune: Whether to remove files.

    Returns:
        What became of them, sorted.

    Raises:
        OSError: If one cannot be removed.
    """
    return [_handle(file, how, prune=prune) for file in stale_files(folder, project)]


def _handle(file: StaleFile, how: Writing, *, prune: bool) -> StaleFile:
    if not how.force and (how.check or prune) and is_edited(file.path.read_bytes()):
        return replace(file, fate="edited")
    if how.check:
        text = difference(file.path.read_bytes(), None, file.path)
        return replace(file, fate="would be removed", difference=text)
    if not prune:
        return file
    file.path.unlink()
    return replace(file, fate="removed")


def stale_files(folder: Path, project: Sequence[Planned]) -> list[StaleFile]:
    """Find the generated files in a folder that are no flow's any more.

    That is so if the flow's file no longer exists or no longer holds the class, and if the flow
    now goes to another file.

    Args:
        folder: The folder that generated files go to.
        project: All flows of the project.

    Returns:
        The files, sorted.
    """
    outputs = {os.path.realpath(flow.output) for flow in project}
    places = {(os.path.realpath(flow.path), flow.name): flow.output for flow in project}
    found = []
    for path in _files(folder):
        if os.path.realpath(path) not in outputs and is_generated(path):
            reason = _reason(path, places)
            if reason:
                found.append(StaleFile(path=path, reason=reason))
    return sorted(found, key=lambda one: one.path)


def _reason(path: Path, places: Mapping[tuple[str, str], PurePosixPath]) -> str:
    """Say why a generated file is stale; empty if it is not."""
    origin = origin_of(path.read_bytes())
    if origin is None:
        return ""
    file = os.path.realpath(path.resolve().parent / origin.source)
    if output := places.get((file, origin.flow)):
        return f"its flow goes to {output}"
    return "its flow is gone" if is_flow_gone(Path(file), origin.flow) else ""


def is_flow_gone(file: Path, name: str) -> bool:
    """Say whether a file no longer exists or no longer holds a flow.

    Args:
        file: The file.
        name: The flow's class.
    """
    if not file.is_file():
        return True
    found = discover([file], root=file.parent)
    return not found.problems and all(flow.name != name for flow in found.flows)


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [
            one
            for one in folders
            if one not in _SKIPPED
            and not one.startswith(".")
            and not Path(parent, one, "pyvenv.cfg").exists()
        ]
        for name in names:
            path = Path(parent, name)
            if name.endswith(".py") and path.is_file() and not path.is_symlink():
                yield path
