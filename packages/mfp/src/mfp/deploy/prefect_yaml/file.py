"""`prefect.yaml`: the deployments of all flows, beside what users wrote in it."""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click
from metaflow_prefect.errors import MetaflowPrefectError
from metaflow_prefect.generate.write import write_text
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.util import load_yaml_guess_indent

from mfp.convert.repository import Converted
from mfp.convert.writing.outcome import Outcome, Writing, difference
from mfp.convert.writing.stale import is_flow_gone
from mfp.deploy.naming import PlannedDeployment, name_deployments, relative
from mfp.deploy.prefect_yaml.comments import keep_comments
from mfp.deploy.prefect_yaml.entry import MARK, mark_of, new_entry, problem_of, put_entry
from mfp.deploy.prefect_yaml.scalars import Representer, scalars
from mfp.deploy.prefect_yaml.steps import put_key, put_pull
from mfp.errors import MfpError, UsageError
from mfp.terminal import printable

# The folder that paths in the file are relative to, seen from the file; where it is the file's
# own, the key is not there. Prefect leaves keys alone that it does not know.
FOLDER = "metaflow_folder"
NEW = """\
# The deployments of this repository's Metaflow flows, for
#   prefect deploy --all --prefect-file {place}
# in {folder}. Entries with metaflow_flow are kept up to date by mfp.
deployments: []
"""


class YamlError(UsageError):
    """The file cannot be updated.

    Args:
        path: The file.
        message: What is wrong with it.
        remedy: What to do.
    """

    def __init__(self, path: Path, message: str, remedy: str) -> None:
        super().__init__(f"{path}: {message}", remedy)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileUpdate:
    """What became of a file.

    Attributes:
        path: The file.
        change: How it changes, or would; None if it does not.
        difference: What would change, as a unified diff, if it is only checked.
        problems: The flows that cannot be in it, each with the reason.
    """

    path: Path
    change: Literal["new", "changed"] | None
    difference: str = ""
    problems: tuple[tuple[Outcome, str], ...] = ()


def update_file(
    path: Path, converted: Converted, writing: Writing, work_pool: str | None, pull: str | None
) -> FileUpdate:
    """Bring the deployments in a file up to date.

    Args:
        path: The file; it need not exist.
        converted: The flows.
        writing: Whether the file is written or only checked.
        work_pool: The work pool where the settings name none.
        pull: How workers get the code; None leaves what the file says, or is `local`.

    Returns:
        What became of it.

    Raises:
        MfpError: If the file cannot be understood or written.
    """
    problems = []
    fit = []
    for one in name_deployments(converted.outcomes, converted.settings.folder, work_pool):
        reason = one.problem or problem_of(one)
        if reason:
            problems.append((one.outcome, reason))
        else:
            fit.append(one)
    before = path.read_bytes() if path.is_file() else None
    diff = ""
    try:
        text = updated(path, before, fit, pull)
        if text is not None and writing.check:
            diff = difference(before, text.encode(), path)
        elif text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path.resolve(), text)
    except MetaflowPrefectError as problem:
        raise MfpError(problem.message.rstrip("."), problem.remedy) from problem
    change: Literal["new", "changed"] = "new" if before is None else "changed"
    return FileUpdate(
        path=path,
        change=None if text is None else change,
        difference=diff,
        problems=tuple(problems),
    )


def show_update(update: FileUpdate, *, diff: bool = True) -> None:
    """Print what became of a file.

    Args:
        update: What became of it.
        diff: Whether to print the diff, too.
    """
    for flow, reason in update.problems:
        click.echo(printable(f"{flow.path}: {flow.name}: {reason}."), err=True)
    if update.difference:
        click.echo(f"{update.change}: {printable(str(update.path))}")
        click.echo(update.difference * diff, nl=False)
    elif update.change:
        click.echo(f"Wrote {printable(str(update.path))}", err=True)


def updated(
    path: Path, before: bytes | None, fit: list[PlannedDeployment], pull: str | None
) -> str | None:
    """Write the file's new text.

    Args:
        path: The file.
        before: What it holds; None if it does not exist.
        fit: The flows that it should hold.
        pull: How workers get the code, if that is asked for.

    Returns:
        The text; None if it is to stay as it is.

    Raises:
        YamlError: If it cannot be understood.
        DeployProblem: If the repository has no remote to clone.
    """
    document, yaml = _read(path, before)
    entries = _entries(path, document)
    folder, changed = _put_folder(path, document, entries)
    changed |= _put_entries(path, entries, fit, folder)
    changed |= put_pull(document, pull, folder)
    if before is not None and not changed:
        return None
    stream = io.StringIO()
    yaml.dump(document, stream)
    text = stream.getvalue()
    if not before:
        return text
    found = before.decode()
    text = keep_comments(found.replace("\r\n", "\n"), text)
    return text.replace("\n", "\r\n") if "\r\n" in found else text


def _read(path: Path, before: bytes | None) -> tuple[CommentedMap, YAML]:
    if path.exists() and before is None:
        raise YamlError(path, "is not a regular file", "Name a file.")
    yaml = YAML()
    yaml.Representer = Representer
    yaml.preserve_quotes = True
    yaml.width = 4096  # a line that a user wrote is not to be broken
    try:
        text = before.decode() if before is not None else _new(path)
        _, indent, offset = load_yaml_guess_indent(text)
        if indent is not None:
            yaml.indent(mapping=2, sequence=indent, offset=offset or 0)
        document = yaml.load(text)
    except (YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise YamlError(path, f"cannot be read: {reason}", "Correct it.") from error
    if document is None:
        document = CommentedMap()
    if not isinstance(document, CommentedMap):
        raise YamlError(path, "is not a YAML mapping", "Name a prefect.yaml, or a new file.")
    return document, yaml


def _new(path: Path) -> str:
    folder = relative(".", path.absolute().parent)
    return NEW.format(
        place=relative(str(path), Path.cwd()),
        folder="this folder" if folder == "." else f"the folder {folder}, seen from here",
    )


def _entries(path: Path, document: CommentedMap) -> list[Any]:
    entries: Any = document.get("deployments")
    if entries is None:
        document["deployments"] = entries = []
    if not isinstance(entries, list):
        raise YamlError(path, "its deployments must be a list", "Correct it.")
    return entries


def _marks(entries: list[Any]) -> set[str]:
    found = (entry.get(MARK) for entry in entries if isinstance(entry, dict))
    return {mark for mark in found if isinstance(mark, str)}


def _put_folder(path: Path, document: CommentedMap, entries: list[Any]) -> tuple[Path, bool]:
    """Give the folder that paths are relative to; say whether the document is changed.

    It is the one in which mfp has put the first flows into the file, wherever it runs now: the
    one to run `prefect deploy` in.
    """
    here = path.absolute().parent
    found = document.get(FOLDER)
    if isinstance(found, str) or _marks(entries):
        return Path(os.path.normpath(here / str(found or "."))), False
    folder = relative(".", here)
    if folder != ".":
        put_key(document, FOLDER, scalars(folder))
    return Path.cwd(), folder != "."


def _put_entries(
    path: Path, entries: list[Any], fit: list[PlannedDeployment], folder: Path
) -> bool:
    """Put the flows' entries into the document; say whether that changes it."""
    wanted = {mark_of(one, folder): one for one in fit}
    marks = _marks(entries)
    gone = {mark for mark in marks - wanted.keys() if _is_gone(mark, folder)}
    if gone and gone == marks:
        raise YamlError(
            path,
            f"none of its flows is there, seen from {folder}",
            f"Correct its {FOLDER}, or remove its deployments yourself.",
        )
    changed = False
    for entry in list(entries):
        mark = entry.get(MARK) if isinstance(entry, dict) else None
        if mark in wanted:
            changed |= put_entry(entry, wanted.pop(mark), folder)
        elif mark in gone:
            entries.remove(entry)
            changed = True
    entries.extend(new_entry(one, folder) for one in wanted.values())
    return changed or bool(wanted)


def _is_gone(mark: str, folder: Path) -> bool:
    file, _, name = mark.rpartition(":")
    return is_flow_gone(Path(folder, file).resolve(), name)
