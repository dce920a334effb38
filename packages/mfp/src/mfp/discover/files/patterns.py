"""Patterns in gitignore syntax, each asked about one file or folder by itself.

pathspec turns a pattern into a regular expression. Its own `GitIgnoreSpec` answers another
question, whether a path is ignored by whatever matches it or a folder above it, and gets
`*`, `!*/`, `!*.py` wrong for folders (1.1). Who walks a tree from above knows of every entry that
the folders above it are not ignored, and needs the verdict on the entry alone, as git has it.
"""

import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import pathspec


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern.

    Attributes:
        takes_in: Whether it matches what is to be ignored, rather than taken back with `!`.
        folders_only: Whether it ends with a slash.
        regex: What it matches.
        open_end: Whether a match may end before the path does.
    """

    takes_in: bool
    folders_only: bool
    regex: re.Pattern[str]
    open_end: bool

    def matches(self, path: str) -> bool:
        """Say whether it matches a file or folder itself, not by a folder above."""
        found = self.regex.search(path) if self.open_end else self.regex.fullmatch(path)
        # The only group of pathspec's expressions is the slash after a folder above.
        return found is not None and found.lastindex is None


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns of which the last that matches decides.

    Attributes:
        reverse: The patterns, the last first.
    """

    reverse: tuple[Pattern, ...]

    def verdict(self, path: str) -> bool | None:
        """Say whether the patterns match a file or folder itself.

        Args:
            path: A path relative to the folder of the patterns; a folder's ends with a slash.

        Returns:
            True if they match, False if the last that does begins with `!`, None if none does.
        """
        entry = path.removesuffix("/")
        is_file = entry == path
        for pattern in self.reverse:
            if pattern.folders_only and is_file:
                continue
            if pattern.matches(entry):
                return pattern.takes_in
        return None

    def holds(self, path: str) -> bool:
        """Say whether the patterns match a file or folder, or one it is in.

        Args:
            path: As for `verdict`.

        Returns:
            The verdict on the entry itself or, if there is none, on the nearest folder above.
        """
        while path:
            verdict = self.verdict(path)
            if verdict is not None:
                return verdict
            path = above(path)
        return False

    def excludes(self, path: str) -> bool:
        """Say whether git would pass over a file or folder, or one that it is in.

        Args:
            path: As for `verdict`.

        Returns:
            Whether the verdict on it or any folder above is true.
        """
        while path:
            if self.verdict(path):
                return True
            path = above(path)
        return False


def above(path: str) -> str:
    """Give the folder that a relative path is in, with a slash; nothing at the top."""
    folder = os.path.split(path.removesuffix("/"))[0]
    return f"{folder}/" if folder else ""


def compile_patterns(lines: Iterable[str]) -> Patterns:
    """Compile lines of a `.gitignore` file.

    Args:
        lines: The lines; as with git, those that are not valid have no effect.

    Returns:
        The patterns.
    """
    compiled = [pattern for line in lines if (pattern := compile_pattern(line)) is not None]
    return Patterns(tuple(reversed(compiled)))


def compile_pattern(line: str) -> Pattern | None:
    """Compile one line of a `.gitignore` file.

    Args:
        line: The line.

    Returns:
        The pattern; None if the line is empty, a comment or not valid.
    """
    text = line.rstrip("\r\n")
    if not text.endswith("\\ "):
        text = text.rstrip(" \t")
    if text.startswith("#"):
        return None
    takes_in = not text.startswith("!")
    text = text if takes_in else text[1:]
    folders_only = text.endswith("/")
    body = text.rstrip("/")
    if not takes_in and body.startswith(("#", "!")):
        body = f"\\{body}"  # only the first character of a line has a meaning
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `re` may one day read `[[` otherwise
            (only,) = pathspec.GitIgnoreSpec.from_lines([body]).patterns
    except (ValueError, re.error):
        return None
    if not only.include or only.regex is None:
        return None
    return Pattern(
        takes_in=takes_in,
        folders_only=folders_only,
        regex=re.compile(only.regex.pattern),
        open_end=body in {"*", "**/*"} or body.split("/")[-1] == "**",
    )
