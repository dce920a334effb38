"""What loading a flow reads: files, folders and environment variables."""

import os
import sys
import sysconfig
from functools import cache
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

FOLDER_EVENTS = ("os.listdir", "os.scandir")
SYSTEM = ("/proc/", "/dev/", "/sys/")


class Record:
    """Takes note of what the process asks the system for, also of what is not there."""

    def __init__(self) -> None:
        self._on = False
        self._start = str(Path.cwd())
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._variables: dict[str, str | None] = {}

    def begin(self) -> None:
        """Take note from now on; the process cannot get rid of it again."""
        record = self

        class Recorded(type(os.environ)):  # type: ignore[misc]
            def __getitem__(self, key: str) -> str:
                if record._on and key not in record._variables:
                    record._variables[key] = self._value(key)
                return super().__getitem__(key)  # type: ignore[no-any-return]

            def _value(self, key: str) -> str | None:
                try:
                    return super().__getitem__(key)  # type: ignore[no-any-return]
                except KeyError:
                    return None

        os.environ.__class__ = Recorded
        sys.addaudithook(self._note)
        self._on = True

    def end(self) -> None:
        """Take no further note."""
        self._on = False

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
            self._files.add(self._absolute(arguments[0]))
        elif event in FOLDER_EVENTS and not isinstance(arguments[0], int):
            self._folders.add(self._absolute(arguments[0] or "."))

    def _absolute(self, path: Any) -> str:
        try:
            return os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        except OSError:  # the current folder is gone
            return os.path.normpath(Path(self._start, os.fsdecode(path)))

    def files(self, *more: str) -> tuple[str, ...]:
        """Give the files outside of Python's own folders, sources in place of their caches.

        Args:
            more: Further files that count.
        """
        own = own_folders()
        paths = {_source(path) for path in (*self._files, *more)}
        return tuple(sorted(path for path in paths if not path.startswith((*own, *SYSTEM))))

    def folders(self) -> tuple[str, ...]:
        """Give the folders likewise."""
        own = own_folders()
        return tuple(sorted(p for p in self._folders if not f"{p}/".startswith((*own, *SYSTEM))))

    def variables(self) -> tuple[tuple[str, str | None], ...]:
        """Give the environment variables with what they were at first."""
        return tuple(sorted(self._variables.items()))


def _source(path: str) -> str:
    if not path.endswith(".pyc"):
        return path
    try:
        return source_from_cache(path)
    except ValueError:
        return path


@cache
def own_folders() -> tuple[str, ...]:
    """Give the folders of Python and of what is installed, each with a slash at its end."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(f"{sysconfig.get_path(name).rstrip('/')}/" for name in names)
