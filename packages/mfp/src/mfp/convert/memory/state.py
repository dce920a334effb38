"""What a file, a folder or a variable is like, so that a change of it shows."""

import hmac
import os
import re
import stat
from collections.abc import Iterable
from hashlib import sha256
from importlib.machinery import all_suffixes
from pathlib import Path

FOLDER = "folder"
OTHER = "other"
LINK = "link to "
CHECKSUM = re.compile(r"[0-9a-f]{64}")
MODULES = tuple(all_suffixes())
CHUNK = 1 << 20


def state_of_file(path: str) -> str | None:
    """Give the state of what is at a path.

    Args:
        path: An absolute path.

    Returns:
        The checksum of a file's bytes; a word for what has none; None if nothing can be read.
        If it is a link, where it leads to comes before that.
    """
    place = Path(path)
    try:
        found = _state_of_target(place)
        return f"{LINK}{place.readlink()} {found}" if place.is_symlink() else found
    except (OSError, ValueError):
        return None


def _state_of_target(place: Path) -> str | None:
    try:
        if place.is_file():
            return _checksum(place)
        if place.is_dir():
            return FOLDER
        return OTHER if place.exists() else None
    except (OSError, ValueError):
        return None


def _checksum(place: Path) -> str:
    digest = sha256()
    with place.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def state_of_path(path: str) -> str | None:
    """Give what can be told of a path without reading what is there.

    Args:
        path: An absolute path.

    Returns:
        The kind with the permissions, and a file's size in bytes; None if nothing is there.
        If it is a link, where it leads to comes before that.
    """
    place = Path(path)
    try:
        link = f"{LINK}{place.readlink()} " if place.is_symlink() else ""
        if not place.exists():
            return link or None
        found = place.stat()
    except (OSError, ValueError):
        return None
    size = "" if stat.S_ISDIR(found.st_mode) else f" {found.st_size}"
    return f"{link}{found.st_mode:o}{size}"


def state_of_folder(path: str) -> str | None:
    """Give the state of a folder's listing: the names in it, and which of them are folders.

    Args:
        path: An absolute path.

    Returns:
        A checksum; None if it cannot be read.
    """
    try:
        with os.scandir(path) as entries:
            return state_of_names(_name(entry) for entry in entries)
    except (OSError, ValueError):
        return None


def state_of_modules(path: str, ignored: str) -> str | None:
    """Give the state of a folder in which modules are looked for, apart from generated files.

    Args:
        path: An absolute path.
        ignored: The absolute path of the folder that generated files go to.

    Returns:
        A checksum; None if it cannot be read.
    """
    try:
        with os.scandir(path) as entries:
            return state_of_names(_name(one) for one in entries if _is_module(one, ignored))
    except (OSError, ValueError):
        return None


def state_of_names(names: Iterable[str]) -> str:
    """Give the state of a set of names."""
    text = "\0".join(sorted(names))
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def state_of_variable(value: str | None, secret: bytes) -> str | None:
    """Give the state of an environment variable, which does not tell its value."""
    return None if value is None else hmac.digest(secret, os.fsencode(value), "sha256").hex()


def _name(entry: "os.DirEntry[str]") -> str:
    return f"{entry.name}/" if entry.is_dir() else entry.name


def _is_module(entry: "os.DirEntry[str]", ignored: str) -> bool:
    if entry.name.startswith(".") or entry.name == "__pycache__" or entry.path == ignored:
        return False
    if not entry.name.endswith(MODULES):
        return entry.is_dir()
    if not entry.name.endswith("_prefect.py"):
        return True
    from metaflow_prefect.generate.write import is_generated  # noqa: PLC0415  (seldom needed)

    return not (entry.is_file() and is_generated(Path(entry.path)))
