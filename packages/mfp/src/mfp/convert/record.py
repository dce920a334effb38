"""What loading a flow reads: files, folders and environment variables."""

import os
import stat as stat_module
import sys
import sysconfig
import time
from functools import cache, wraps
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from mfp.convert.exchange import States
from mfp.convert.state import state_of_file, state_of_folder, state_of_variable

FOLDER_EVENTS = ("os.listdir", "os.scandir")
SYSTEM = ("/proc/", "/dev/", "/sys/")
COARSE = 20_000_000  # nanoseconds by which a file system's clock may be behind


class Record:
    """Takes note of what the process asks the system for, also of what is not there."""

    def __init__(self) -> None:
        self._on = False
        self._began = 0
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
        self._note_questions()
        self._began = time.time_ns()
        self._on = True

    def end(self) -> None:
        """Take no further note."""
        self._on = False

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            if flags & (os.O_WRONLY | os.O_RDWR) != os.O_WRONLY:
                self._files.add(self._absolute(arguments[0]))
        elif event in FOLDER_EVENTS and not isinstance(arguments[0], int):
            self._folders.add(self._absolute(arguments[0] or "."))

    def _note_questions(self) -> None:
        """Take note of `os.stat`, and so of all questions whether a file exists."""
        original = os.stat

        @wraps(original)
        def stat(path: Any, *arguments: Any, **named: Any) -> os.stat_result:
            if self._on and not isinstance(path, int) and not named.get("dir_fd"):
                self._files.add(self._absolute(path))
            return original(path, *arguments, **named)

        os.stat = stat

    def _absolute(self, path: Any) -> str:
        try:
            return os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        except OSError:  # the current folder is gone
            return os.path.normpath(Path(self._start, os.fsdecode(path)))

    def files(self, *more: str) -> States:
        """Give the files outside of Python's own folders, sources in place of their caches.

        Args:
            more: Further files that count.

        Returns:
            Their states.
        """
        return {path: state_of_file(path) for path in self._paths(*more)}

    def is_exact(self, *more: str) -> bool:
        """Say whether none of the files has changed since loading began."""
        return not any(_changed(path, self._began) for path in self._paths(*more))

    def folders(self, ignored: str) -> States:
        """Give the folders likewise, without regard to the one that generated files go to."""
        own = own_folders()
        return {
            path: state_of_folder(path, ignored)
            for path in sorted(self._folders)
            if not f"{path}/".startswith((*own, *SYSTEM))
        }

    def variables(self) -> States:
        """Give the environment variables as they were at first."""
        return {name: state_of_variable(value) for name, value in sorted(self._variables.items())}

    def _paths(self, *more: str) -> list[str]:
        own = own_folders()
        paths = {_source(path) for path in (*self._files, *more)}
        return sorted(path for path in paths if not path.startswith((*own, *SYSTEM)))


def _changed(path: str, since: int) -> bool:
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return False
    # Also its other times may be set by hand, but not this one.
    return found.st_ctime_ns >= since - COARSE and not stat_module.S_ISDIR(found.st_mode)


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
