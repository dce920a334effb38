"""Find the files worth reading below a folder, without reading any."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field

from mfp.discover.files.ignore import IgnoreRules, rules_above

SUFFIXES = (".py", ".ipynb")
SKIPPED_FOLDERS = frozenset({"__pycache__", "__pypackages__", "node_modules", "site-packages"})
# A folder that holds one of these is a virtual environment, a conda environment or a cache.
SKIPPING_MARKS = frozenset({"pyvenv.cfg", "conda-meta", "CACHEDIR.TAG"})
DISTRIBUTION_MARKS = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})


@dataclass(slots=True)
class Walked:
    """What a walk has seen; all paths are absolute.

    Attributes:
        files: The regular files with one of the suffixes.
        links: The links to such files.
        distributions: The folders that hold a distribution's settings.
        failures: What could not be read, each with the reason.
    """

    files: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    distributions: list[str] = field(default_factory=list)
    failures: list[tuple[str, OSError]] = field(default_factory=list)


def walk(start: str, wanted: Callable[[str], bool], into: Walked) -> None:
    """Walk a folder, leaving out what is ignored, hidden, installed or a cache.

    Links to folders are not followed, as git does not follow them: so no loop can be met.

    Args:
        start: The absolute path of the folder. It is walked whatever it is called.
        wanted: Says of an absolute path, which ends with a slash for a folder, whether the
            user's own patterns let it pass.
        into: Where to put what is found.
    """
    try:
        rules = rules_above(start)
    except OSError as error:
        into.failures.append((start, error))
        rules = IgnoreRules()
    pending = [(start, rules)]
    while pending:
        folder, rules = pending.pop()
        entries = _entries(folder, into)
        if folder != start and not SKIPPING_MARKS.isdisjoint(entries):
            continue
        if not DISTRIBUTION_MARKS.isdisjoint(entries):
            into.distributions.append(folder)
        if ".gitignore" in entries:
            rules = _entering(folder, rules, into)
        for entry in entries.values():
            is_folder = entry.is_dir(follow_symlinks=False)
            if not _looked_at(entry.name, is_folder):
                continue
            path = f"{entry.path}/" if is_folder else entry.path
            if rules.ignores(path) or not wanted(path):
                continue
            if is_folder:
                pending.append((entry.path, rules))
            else:
                _add_file(entry, into)


def _looked_at(name: str, is_folder: bool) -> bool:
    """Say whether an entry of this name is looked at at all."""
    if name.startswith("."):
        return False
    return name not in SKIPPED_FOLDERS if is_folder else name.endswith(SUFFIXES)


def _entries(folder: str, into: Walked) -> dict[str, os.DirEntry[str]]:
    """List a folder; nothing, and a failure, if it cannot be read."""
    try:
        with os.scandir(folder) as scan:
            return {entry.name: entry for entry in scan}
    except OSError as error:
        into.failures.append((folder, error))
        return {}


def _entering(folder: str, rules: IgnoreRules, into: Walked) -> IgnoreRules:
    """Add a folder's own rules; none, and a failure, if they cannot be read."""
    try:
        return rules.entering(folder)
    except OSError as error:
        into.failures.append((f"{folder}/.gitignore", error))
        return rules


def _add_file(entry: os.DirEntry[str], into: Walked) -> None:
    """Sort a file in; sockets, pipes and links to folders are left out."""
    if not entry.is_symlink():
        if entry.is_file(follow_symlinks=False):
            into.files.append(entry.path)
        return
    try:
        mode = entry.stat().st_mode
    except OSError as error:
        into.failures.append((entry.path, error))
        return
    if stat.S_ISREG(mode):
        into.links.append(entry.path)
