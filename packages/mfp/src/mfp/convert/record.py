"""What loading a flow reads: files, folders and environment variables."""

import os
import pathlib
import stat as stat_module
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.util import source_from_cache
from pathlib import Path
from types import FrameType
from typing import Any

from mfp.convert.environment import Environment
from mfp.convert.exchange import States
from mfp.convert.folders import own_folders
from mfp.convert.state import state_of_file, state_of_folder, state_of_modules

SYSTEM = ("/proc/", "/dev/", "/sys/")
COARSE = 20_000_000  # nanoseconds by which a file system's clock may be behind
STATS = ("stat", "lstat", "fstat")
QUESTIONS = (*STATS, "access", "readlink", "open")
TIMES = ("getmtime", "getctime", "getatime")
# What other programs, other machines and databases answer cannot be followed.
BEYOND = (
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn"),
    *("os.fork", "os.forkpty", "socket.connect", "sqlite3.connect"),
)
_READLINK = os.readlink


class Record:
    """Takes note of what the process asks the system for, also of what is not there.

    Python tells of what it opens, lists and starts by its audit events. It has none for the
    questions whether a file exists, so these functions of `os` are replaced.

    Args:
        path: The flow's file, absolute.
        ignored: The folder that generated files go to, in which no modules are looked for.
    """

    def __init__(self, path: str, ignored: str) -> None:
        self._on = False
        self._thread = threading.local()
        self._began = 0
        self._start = str(Path.cwd())
        self._path = path
        self._ignored = ignored
        # Not those in which the flow itself lies, such as the tutorials in Metaflow's package.
        own = tuple(folder for folder in own_folders() if not path.startswith(folder))
        self._passed_over = (*own, *SYSTEM)
        self._files = {path}
        self._beyond = False
        self._environment = Environment()
        self.folders: States = {}
        self.modules: States = {}
        self._events: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "open": self._note_open,
            "os.listdir": self._note_folder,
            "os.scandir": self._note_folder,
            "import": lambda arguments: self._note_file(arguments[1]),
            "ctypes.dlopen": lambda arguments: self._note_file(arguments[0]),
            **dict.fromkeys(BEYOND, self._note_beyond),
        }

    def begin(self) -> None:
        """Take note from now on; the process cannot get rid of it again."""
        self._environment.watch()
        sys.addaudithook(self._note)
        for name in QUESTIONS:
            self._note_questions(name)
        self._began = time.time_ns()
        self._on = True

    def end(self) -> None:
        """Take no further note."""
        self._on = False

    def files(self) -> States:
        """Give the files outside of Python's own folders, sources in place of their caches."""
        return {path: state_of_file(path) for path in self._paths()}

    def variables(self) -> States:
        """Give the environment variables that were asked for, as they were at first."""
        return self._environment.states()

    def is_exact(self) -> bool:
        """Say whether all is known that was read, and none of it has changed since."""
        return not self._beyond and not any(_changed(path, self._began) for path in self._paths())

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Say whether this thread is not taking note already: what that reads does not count."""
        first = not getattr(self._thread, "noting", False)
        self._thread.noting = True
        try:
            yield first
        finally:
            self._thread.noting = not first

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._on and event in self._events:
            with self._alone() as first:
                if first:
                    self._events[event](arguments)

    def _note_open(self, arguments: tuple[Any, ...]) -> None:
        path, _, flags = arguments
        if not isinstance(flags, int) or flags & (os.O_WRONLY | os.O_RDWR) != os.O_WRONLY:
            self._note_file(path)

    def _note_beyond(self, _: tuple[Any, ...]) -> None:
        self._beyond = True

    def _note_file(self, path: Any, folder: int | None = None) -> None:
        if isinstance(path, (str, bytes, os.PathLike)) and (place := self._absolute(path, folder)):
            self._files.add(place)

    def _note_folder(self, arguments: tuple[Any, ...]) -> None:
        """Take note of a folder's state at once: whoever lists it may change it next."""
        place = self._absolute(arguments[0] or ".", None)
        if place is None or f"{place}/".startswith(self._passed_over):
            return
        if _caller(3).f_code.co_filename.startswith("<frozen importlib"):
            if place not in self.modules:
                self.modules[place] = state_of_modules(place, self._ignored)
        elif place not in self.folders:
            self.folders[place] = state_of_folder(place)

    def _note_questions(self, name: str) -> None:
        original = getattr(os, name)

        @wraps(original)
        def ask(path: Any, *arguments: Any, **named: Any) -> Any:
            if self._on:
                with self._alone() as first:
                    folder = named.get("dir_fd")
                    # The event of `open` tells all but the folder.
                    if first and (name != "open" or folder is not None):
                        self._note_file(path, folder)
                    if first and name in STATS and _asks_for_times():
                        self._beyond = True
            return original(path, *arguments, **named)

        setattr(os, name, ask)
        accessor = getattr(pathlib, "_NormalAccessor", None)  # of Python 3.10
        if hasattr(accessor, name):
            setattr(accessor, name, staticmethod(ask))

    def _absolute(self, path: Any, folder: int | None) -> str | None:
        """Give the path, or that of an open folder; None if it cannot be told."""
        if isinstance(path, int) or folder is not None:
            try:
                start = _READLINK(f"/proc/self/fd/{path if folder is None else folder}")
            except OSError:
                self._beyond = True
                return None
            return start if folder is None else os.path.normpath(Path(start, os.fsdecode(path)))
        try:
            return os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        except OSError:  # the current folder is gone
            return os.path.normpath(Path(self._start, os.fsdecode(path)))

    def _paths(self) -> list[str]:
        paths = {_source(path) for path in self._files}
        return sorted(path for path in paths if not path.startswith(self._passed_over))


def _caller(depth: int) -> FrameType:
    return sys._getframe(depth)  # noqa: SLF001


def _asks_for_times() -> bool:
    """Say whether a file's times may matter, and not only whether and what it is."""
    frame: FrameType | None = _caller(3)
    while frame is not None and frame.f_code.co_name in ("stat", "lstat"):  # of pathlib
        frame = frame.f_back
    if frame is None or frame.f_code.co_name in TIMES:
        return True
    return not frame.f_code.co_filename.startswith((*own_folders(), "<frozen"))


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
