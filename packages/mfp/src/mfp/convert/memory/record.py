"""What loading a flow opens and imports."""

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterable
from importlib.machinery import all_suffixes
from importlib.util import source_from_cache
from typing import Any

from mfp.convert.installed import installed_folders
from mfp.convert.loading.exchange import Imports, States
from mfp.convert.memory.state import state_of

SYSTEM = ("/proc/", "/dev/", "/sys/")
# What other programs, other machines and databases answer cannot be followed.
BEYOND = (
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn"),
    *("os.fork", "os.forkpty", "socket.connect", "sqlite3.connect"),
    *("socket.getaddrinfo", "socket.gethostname"),
)
SUFFIXES = tuple(all_suffixes())


class Record:
    """Takes note of what this process opens and imports, by Python's audit events.

    A file or a folder is noted with its state when it is first opened, so that no later change
    is missed.

    Args:
        path: The flow's file, absolute.

    Attributes:
        files: The files and folders that were opened outside of Python's own folders, with
            their states; also those that are not there.
        is_complete: Whether loading depends on nothing that no event tells of.
    """

    def __init__(self, path: str) -> None:
        self.files: States = {}
        self.is_complete = True
        self._on = False
        self._thread = threading.local()
        self._names: set[str] = set()
        self._paths = set(sys.path)
        # Not those in which the flow itself lies, such as the tutorials in Metaflow's package.
        own = tuple(folder for folder in installed_folders() if not path.startswith(folder))
        self._passed_over = (*own, *SYSTEM)
        self._events: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "open": self._note_open,
            "os.listdir": self._note_listing,
            "os.scandir": self._note_listing,
            "ctypes.dlopen": lambda arguments: self._note_path(arguments[0]),
            "import": self._note_import,
            **dict.fromkeys(BEYOND, self._note_beyond),
        }

    def begin(self) -> None:
        """Take note from now on; the process cannot get rid of it again."""
        sys.addaudithook(self._note)
        self._on = True

    def end(self) -> None:
        """Take no further note."""
        self._on = False

    def imports(self) -> Imports:
        """Give the names that were looked for, by the repository's folders, and which are there."""
        found: dict[str, dict[str, bool]] = {}
        for dotted in self._names:
            parent, _, name = dotted.rpartition(".")
            folders = _folders_of(parent) if parent else self._paths | set(sys.path)
            for folder in self._in_repository(folders):
                found.setdefault(folder, {})[name] = False
            for folder in self._in_repository(_folders_of(dotted)):
                found.setdefault(folder, {})["__init__"] = False
        return {folder: present(folder, names) for folder, names in sorted(found.items())}

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on or event not in self._events or getattr(self._thread, "noting", False):
            return
        self._thread.noting = True  # what taking note opens does not count
        try:
            self._events[event](arguments)
        finally:
            self._thread.noting = False

    def _note_open(self, arguments: tuple[Any, ...]) -> None:
        path, _, flags = arguments
        written = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR) == os.O_WRONLY
        # Of a folder only its listing counts, which has an event of its own.
        if not written and not isinstance(path, int) and not os.path.isdir(path):  # noqa: PTH112
            self._note_path(path)

    def _note_listing(self, arguments: tuple[Any, ...]) -> None:
        # Imports list folders, too, but only the names that they look for matter.
        if not sys._getframe(2).f_code.co_filename.startswith("<frozen importlib"):  # noqa: SLF001
            self.is_complete &= not isinstance(arguments[0], int)  # an open folder
            self._note_path(arguments[0] or ".")

    def _note_import(self, arguments: tuple[Any, ...]) -> None:
        self._names.add(arguments[0])
        self._note_path(arguments[1])

    def _note_beyond(self, _: tuple[Any, ...]) -> None:
        self.is_complete = False

    def _note_path(self, path: Any) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        try:
            name = os.fsdecode(path)
            beyond = os.pardir in name.split("/")  # which a link before it may lead elsewhere
            place = os.path.realpath(name) if beyond else os.path.abspath(name)  # noqa: PTH100
            place = _source(place)
        except OSError:  # the current folder is gone
            self.is_complete = False
            return
        if place in self.files or f"{place}/".startswith(self._passed_over):
            return
        if place.isascii() or place.encode(errors="replace").decode() == place:
            self.files[place] = state_of(place)
        else:
            self.is_complete = False  # its name cannot be written as text

    def _in_repository(self, folders: Iterable[Any]) -> list[str]:
        paths = [os.path.abspath(one) for one in folders if isinstance(one, str)]  # noqa: PTH100
        return [one for one in paths if not f"{one}/".startswith(self._passed_over)]


def _folders_of(package: str) -> Iterable[Any]:
    return tuple(getattr(sys.modules.get(package), "__path__", ()))


def present(folder: str, names: Collection[str]) -> dict[str, bool]:
    """Say which modules a folder has.

    Args:
        folder: The folder, absolute.
        names: The modules' names.

    Returns:
        Whether it has a file or a folder of that name, for each of them.
    """
    try:
        entries = os.listdir(folder)  # noqa: PTH208  (names are all it takes)
    except OSError:
        entries = []
    there = {_module(entry) for entry in entries}
    return {name: name in there for name in sorted(names)}


def _module(entry: str) -> str:
    suffix = next((one for one in SUFFIXES if entry.endswith(one)), "")
    return entry.removesuffix(suffix)


def _source(path: str) -> str:
    if not path.endswith(".pyc"):
        return path
    try:
        return source_from_cache(path)
    except ValueError:
        return path
