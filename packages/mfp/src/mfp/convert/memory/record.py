"""What loading a flow reads: files, folders and environment variables."""

import os
import pathlib
import stat as stat_module
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.util import source_from_cache
from pathlib import Path
from types import FrameType
from typing import Any

from mfp.convert.loading.exchange import States
from mfp.convert.memory.environment import Environment
from mfp.convert.memory.folders import own_folders
from mfp.convert.memory.state import state_of_file, state_of_folder, state_of_modules, state_of_path

SYSTEM = ("/proc/", "/dev/", "/sys/")
COARSE = 20_000_000  # nanoseconds by which a file system's clock may be behind
STATS = ("stat", "lstat", "fstat")
QUESTIONS = (*STATS, "access", "readlink", "open")
TIMES = ("getmtime", "getctime", "getatime")
# What other programs, other machines and databases answer cannot be followed.
BEYOND = (
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn"),
    *("os.fork", "os.forkpty", "socket.connect", "sqlite3.connect"),
    *("socket.getaddrinfo", "socket.gethostname"),
)
# Whether they succeed depends on what is there, and then something else is there.
CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate")
# Python's sets of the functions that have an option, such as `os.supports_dir_fd`.
ABILITIES = ("dir_fd", "effective_ids", "fd", "follow_symlinks")
_READLINK = os.readlink


class Record:
    """Takes note of what the process asks the system for, also of what is not there.

    Python tells of what it opens, lists and starts by its audit events. It has none for the
    questions whether a file exists, so these functions of `os` are replaced.

    Args:
        path: The flow's file, absolute.
        ignored: The folder that generated files go to, in which no modules are looked for.
        secret: What the checksums of environment variables are made with.
    """

    def __init__(self, path: str, ignored: str, secret: bytes) -> None:
        self._on = False
        self._thread = threading.local()
        self._began = 0
        self._start = str(Path.cwd())
        self._path = path
        self._ignored = ignored
        # Not those in which the flow itself lies, such as the tutorials in Metaflow's package.
        own = tuple(folder for folder in own_folders() if not path.startswith(folder))
        self._passed_over = (*own, *SYSTEM)
        self._opened = {path}
        self._existed = {path: True}  # of all that was asked for, when it was so first
        self._searched: set[str] = set()
        self._beyond = False
        self._environment = Environment(secret)
        self.folders: States = {}
        self.modules: States = {}
        self._events: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "open": self._note_open,
            "os.listdir": self._note_folder,
            "os.scandir": self._note_scan,
            "import": self._note_import,
            "ctypes.dlopen": lambda arguments: self._note_file(arguments[0]),
            **dict.fromkeys(CHANGES, self._note_change),
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
        self._note_search(list(sys.path))  # `importlib` may have looked there without an event

    def files(self) -> States:
        """Give what was opened outside of Python's own folders, sources for their caches."""
        return {path: state_of_file(path) for path in sorted(self._opened)}

    def asked(self) -> States:
        """Give what was only asked about, likewise."""
        paths = sorted(self._existed.keys() - self._opened)
        return {path: state_of_path(path) for path in paths}

    def variables(self) -> States:
        """Give the environment variables that were asked for, as they were at first."""
        return self._environment.states()

    def is_exact(self) -> bool:
        """Say whether all is known that was read, and none of it has changed since."""
        return not self._beyond and not any(
            existed != os.path.lexists(path) or _changed(path, self._began)
            for path, existed in self._existed.items()
        )

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
        if place := self._note_path(path, folder):
            self._opened.add(place)

    def _note_path(self, path: Any, folder: int | None = None) -> str | None:
        """Take note that somebody asks about a path; give it if it is of interest."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return None
        place = self._absolute(path, folder)
        place = place and _source(place)
        if not place or place.startswith(self._passed_over):
            return None
        if place not in self._existed:
            self._existed[place] = os.path.lexists(place)
        return place

    def _note_import(self, arguments: tuple[Any, ...]) -> None:
        """Take note of a module's file, and of the folders that are not there to be listed."""
        self._note_file(arguments[1])
        self._note_search(arguments[2] or ())

    def _note_search(self, entries: Iterable[Any]) -> None:
        for entry in entries:
            if isinstance(entry, str) and entry not in self._searched:
                self._note_path(entry or ".")
                if entry.startswith("/"):
                    self._searched.add(entry)

    def _note_change(self, arguments: tuple[Any, ...]) -> None:
        if _caller(3).f_code.co_filename.startswith("<frozen importlib"):
            return  # it writes its caches
        paths = [one for one in arguments if isinstance(one, (str, bytes, os.PathLike))]
        for path in paths:
            self._note_path(path)
        if any(folder >= 0 for folder in arguments[-len(paths) :] if isinstance(folder, int)):
            self._beyond = True  # they may be relative to an open folder

    def _note_scan(self, arguments: tuple[Any, ...]) -> None:
        """Take note of a listing whose entries may be asked for times, of which nobody tells."""
        if not _is_installed(_caller(3)):
            self._beyond = True
        self._list(arguments[0], _caller(3))

    def _note_folder(self, arguments: tuple[Any, ...]) -> None:
        self._list(arguments[0], _caller(3))

    def _list(self, path: Any, caller: FrameType) -> None:
        """Take note of a folder's state at once: whoever lists it may change it next."""
        place = self._absolute(path or ".", None)
        if place is None or f"{place}/".startswith(self._passed_over):
            return
        if caller.f_code.co_filename.startswith("<frozen importlib"):
            if place not in self.modules:
                self.modules[place] = state_of_modules(place, self._ignored)
        elif place not in self.folders:
            self.folders[place] = state_of_folder(place)

    def _note_questions(self, name: str) -> None:
        original = getattr(os, name)

        @wraps(original)
        def ask(*arguments: Any, **named: Any) -> Any:
            if self._on:
                with self._alone() as first:
                    path = arguments[0] if arguments else named.get("path")
                    folder = named.get("dir_fd")
                    if first and name != "open":
                        self._note_path(path, folder)
                    elif first and folder is not None:  # the event tells all but the folder
                        self._note_file(path, folder)
                    if first and name in STATS and _asks_for_times():
                        self._beyond = True
            return original(*arguments, **named)

        setattr(os, name, ask)
        for ability in ABILITIES:
            able = getattr(os, f"supports_{ability}")
            if original in able:
                able.add(ask)
        accessor = getattr(pathlib, "_NormalAccessor", None)  # of Python 3.10
        # Its `open` is that of `io`, and tells by its event.
        if name != "open" and hasattr(accessor, name):
            setattr(accessor, name, staticmethod(ask))

    def _absolute(self, path: Any, folder: int | None) -> str | None:
        """Give the path, or that of an open folder; None if it cannot be told."""
        if isinstance(path, int) or folder is not None:
            try:
                start = _READLINK(f"/proc/self/fd/{path if folder is None else folder}")
            except OSError:
                self._beyond = True
                return None
            name = "" if folder is None else os.fsdecode(path)
            return start if folder is None else _plain(str(Path(start, name)))
        name = os.fsdecode(path)
        if name.startswith("/"):
            return _plain(name)
        try:
            return _plain(f"{Path.cwd()}/{name}")
        except OSError:  # the current folder is gone
            return _plain(f"{self._start}/{name}")


def _caller(depth: int) -> FrameType:
    return sys._getframe(depth)  # noqa: SLF001


def _asks_for_times() -> bool:
    """Say whether a file's times may matter, and not only whether and what it is."""
    frame: FrameType | None = _caller(3)
    while frame is not None and frame.f_code.co_name in ("stat", "lstat"):  # of pathlib
        frame = frame.f_back
    if frame is None or frame.f_code.co_name in TIMES:
        return True
    return not _is_installed(frame)


def _is_installed(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith((*own_folders(), "<frozen"))


def _plain(path: str) -> str:
    """Give a path without `..`, unless a link before that has it lead elsewhere."""
    plain = os.path.normpath(path)
    if ".." not in path.split("/"):
        return plain
    same = os.path.realpath(path) == os.path.realpath(plain)
    return plain if same and os.path.lexists(path) == os.path.lexists(plain) else path


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
