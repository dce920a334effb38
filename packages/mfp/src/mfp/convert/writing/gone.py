"""Generated files whose flow is gone."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from metaflow_prefect.generate.write import is_generated

from mfp.convert.writing.outcome import Writing, difference, is_edited
from mfp.convert.writing.plan import Planned
from mfp.discover import discover

# The first line of the docstring of a generated file.
_MADE_FROM = re.compile(
    rb'^"""Prefect flow of the Metaflow flow (\S+), made from (.+)\.$', re.MULTILINE
)
_SKIPPED = ("node_modules", "__pycache__", "site-packages")


@dataclass(frozen=True, slots=True)
class Gone:
    """A generated file whose flow is gone.

    Attributes:
        path: The file.
        edited: Whether it was edited by hand since it was generated.
    """

    path: Path
    edited: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """What becomes of a generated file whose flow is gone.

    Attributes:
        path: The file.
        fate: `edited` is one that was to be removed, but is somebody's work.
        difference: What its removal would change, as a unified diff, if it is only checked.
    """

    path: Path
    fate: Literal["removed", "would be removed", "edited", "kept"]
    difference: str = ""


def settle_gone(
    folder: Path, planned: Sequence[Planned], how: Writing, *, prune: bool
) -> list[Removal]:
    """Remove the generated files in a folder whose flow is gone, or say which they are.

    Args:
        folder: The folder that generated files go to.
        planned: The flows that were asked for.
        how: Whether anything is written, and files that were edited by hand are removed, too.
        prune: Whether to remove files.

    Returns:
        What became of them, sorted.

    Raises:
        OSError: If one cannot be removed.
    """
    return [_settle(file, how, prune=prune) for file in gone(folder, planned)]


def _settle(file: Gone, how: Writing, *, prune: bool) -> Removal:
    if file.edited and not how.force and (how.check or prune):
        return Removal(path=file.path, fate="edited")
    if how.check:
        text = difference(file.path.read_bytes(), None, file.path)
        return Removal(path=file.path, fate="would be removed", difference=text)
    if not prune:
        return Removal(path=file.path, fate="kept")
    file.path.unlink()
    return Removal(path=file.path, fate="removed")


def gone(folder: Path, planned: Sequence[Planned]) -> list[Gone]:
    """Find the generated files in a folder whose flow is gone.

    That is so if the flow's file no longer exists or no longer holds the class. Files of flows
    that were not asked for are left alone, and so are those of flows that now go elsewhere.

    Args:
        folder: The folder that generated files go to.
        planned: The flows that were asked for.

    Returns:
        The files, sorted.
    """
    outputs = {_absolute(flow.output) for flow in planned}
    found = []
    for path in _files(folder):
        if _absolute(path) in outputs or not is_generated(path):
            continue
        data = path.read_bytes()
        if _is_gone(path, data):
            found.append(Gone(path, is_edited(data)))
    return sorted(found, key=lambda one: one.path)


def _is_gone(path: Path, data: bytes) -> bool:
    made = _MADE_FROM.search(data)
    if made is None:
        return False
    name = made[1].decode()
    source = made[2].decode().replace('\\"', '"').replace("\\\\", "\\")
    return is_flow_gone(Path(os.path.realpath(path.resolve().parent / source)), name)


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


def _absolute(path: str | os.PathLike[str]) -> str:
    return os.path.realpath(path)
