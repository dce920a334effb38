"""What git ignores: `.gitignore` files of every folder, and `.git/info/exclude`."""

import os
from dataclasses import dataclass
from pathlib import Path

from mfp.discover.files.patterns import Patterns, compile_patterns


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The patterns of one file, which count from one folder on.

    Attributes:
        folder: The absolute path of that folder, with a slash at its end.
        patterns: The compiled patterns.
    """

    folder: str
    patterns: Patterns

    def verdict(self, path: str) -> bool | None:
        """Say whether these patterns ignore a path.

        Args:
            path: An absolute path below the folder; a folder's has a slash at its end.

        Returns:
            True if they ignore it, False if they take it back in, None if they are silent.
        """
        return self.patterns.verdict(path[len(self.folder) :])


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The ignore files that count in one folder, the outermost first."""

    files: tuple[IgnoreFile, ...] = ()

    def ignores(self, path: str) -> bool:
        """Say whether a path is ignored, given that the folder it is in is not.

        Args:
            path: An absolute path; a folder's has a slash at its end.

        Returns:
            The verdict of the nearest file that has one.
        """
        for file in reversed(self.files):
            verdict = file.verdict(path)
            if verdict is not None:
                return verdict
        return False

    def entering(self, folder: str) -> "IgnoreRules":
        """Add the `.gitignore` of a folder.

        Args:
            folder: The absolute path of the folder, without a slash at its end.

        Returns:
            The rules that count in it.

        Raises:
            OSError: If the file is there and cannot be read.
        """
        patterns = read_patterns(Path(folder, ".gitignore"))
        if patterns is None:
            return self
        return IgnoreRules((*self.files, IgnoreFile(f"{folder.rstrip('/')}/", patterns)))


def rules_above(start: str) -> IgnoreRules:
    """Collect the rules that a folder inherits from its repository.

    Args:
        start: The absolute path of a folder that was asked for.

    Returns:
        The rules of `.git/info/exclude` and of all folders above, without `start`'s own. None of
        them if they ignore `start` itself: who names an ignored folder wants what is in it.

    Raises:
        OSError: If one of the files cannot be read.
    """
    top = repository_top(start)
    if top is None:
        return IgnoreRules()
    rules = IgnoreRules()
    excluded = read_patterns(_git_folder(Path(top, ".git")) / "info" / "exclude")
    if excluded is not None:
        rules = IgnoreRules((IgnoreFile(f"{top.rstrip('/')}/", excluded),))
    folder = top
    for part in Path(start).relative_to(top).parts:
        rules = rules.entering(folder)
        folder = str(Path(folder, part))
        if rules.ignores(f"{folder}/"):
            return IgnoreRules()
    return rules


def repository_top(start: str) -> str | None:
    """Find the top folder of the git repository that a folder is in.

    Args:
        start: An absolute path.

    Returns:
        The nearest folder, from `start` upwards, that holds a `.git`; None if there is none.
    """
    for folder in (Path(start), *Path(start).parents):
        if os.path.lexists(folder / ".git"):
            return str(folder)
    return None


def read_patterns(path: Path) -> Patterns | None:
    """Read a file of patterns as git does.

    Args:
        path: The file.

    Returns:
        Its patterns; None if there is no such file.

    Raises:
        OSError: If it is there and cannot be read.
    """
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    return compile_patterns(text.split("\n"))


def _git_folder(dot_git: Path) -> Path:
    """Follow the `.git` file of a worktree or submodule to the folder with `info/exclude`."""
    if not dot_git.is_file():
        return dot_git
    target = dot_git.read_text(encoding="utf-8", errors="surrogateescape")
    folder = dot_git.parent / target.removeprefix("gitdir:").strip()
    common = folder / "commondir"
    if common.is_file():
        return folder / common.read_text(encoding="utf-8", errors="surrogateescape").strip()
    return folder
