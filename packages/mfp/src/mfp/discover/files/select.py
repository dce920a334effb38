"""From the paths that were asked for to the files to look at."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mfp.discover.files.patterns import Patterns, compile_pattern, compile_patterns
from mfp.discover.files.walk import Walked, walk
from mfp.errors import BadPatternError, PathNotFoundError

Wanted: TypeAlias = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Selection:
    """The files to look at; all paths are absolute.

    Attributes:
        files: The files, sorted, none of them twice under two names.
        distributions: The folders that hold a distribution's settings, sorted.
        failures: What could not be read, each with the reason.
    """

    files: tuple[str, ...]
    distributions: tuple[str, ...]
    failures: tuple[tuple[str, OSError], ...]


def select(
    paths: Iterable[str | os.PathLike[str]],
    *,
    root: str,
    wanted: Wanted | None = None,
) -> Selection:
    """Find the files that the paths and patterns stand for.

    Args:
        paths: Files and folders, relative to the root.
        root: The absolute path that paths are relative to.
        wanted: What the user's own patterns let pass; None is everything.

    Returns:
        The files. A file that was named is among them whatever git ignores.

    Raises:
        PathNotFoundError: If a path is neither a file nor a folder.
    """
    wanted = wanted or (lambda _: True)
    walked = Walked()
    for path in paths:
        absolute = os.path.normpath(Path(root, path))
        if Path(absolute).is_dir():
            walk(absolute, wanted, walked)
        elif not Path(absolute).is_file():
            raise PathNotFoundError(os.fspath(path))
        elif wanted(absolute):
            (walked.links if Path(absolute).is_symlink() else walked.files).append(absolute)
    return Selection(
        files=tuple(sorted(_distinct(walked))),
        distributions=tuple(sorted(set(walked.distributions))),
        failures=tuple(dict(sorted(walked.failures, key=lambda item: item[0])).items()),
    )


def _distinct(walked: Walked) -> Iterable[str]:
    """Drop links to files that are there under their own name, or under another link's."""
    if not walked.links:
        return set(walked.files)
    folders = {str(Path(path).parent) for path in walked.files}
    real = {folder: os.path.realpath(folder) for folder in folders}
    by_target = {
        str(Path(real[str(Path(path).parent)], Path(path).name)): path for path in walked.files
    }
    for link in sorted(set(walked.links)):
        by_target.setdefault(os.path.realpath(link), link)
    return by_target.values()


def pattern_filter(root: str, include: Sequence[str], exclude: Sequence[str]) -> Wanted | None:
    """Make the test that the user's own patterns amount to.

    Args:
        root: The absolute path that patterns are relative to.
        include: Patterns in gitignore syntax; if there are any, a file must match.
        exclude: Patterns in gitignore syntax; no file may match.

    Returns:
        What says of an absolute path whether it passes; None if there are no patterns.

    Raises:
        BadPatternError: If a pattern is not valid.
    """
    if not include and not exclude:
        return None
    included = _compile(include)
    excluded = _compile(exclude)

    def wanted(path: str) -> bool:
        relative = os.path.relpath(path, root)
        if path.endswith("/"):
            # Whether something below is included cannot be told from a folder's name.
            return not excluded.excludes(f"{relative}/")
        if include and not included.holds(relative):
            return False
        return not excluded.excludes(relative)

    return wanted


def _compile(patterns: Sequence[str]) -> Patterns:
    for pattern in patterns:
        if compile_pattern(pattern) is None:
            raise BadPatternError(pattern)
    return compile_patterns(patterns)
