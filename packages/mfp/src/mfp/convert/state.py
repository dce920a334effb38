"""What a file, a folder or a variable is like, so that a change of it shows."""

import os
from hashlib import sha256
from pathlib import Path

FOLDER = "folder"
OTHER = "other"


def state_of_file(path: str) -> str | None:
    """Give the state of what is at a path.

    Args:
        path: An absolute path.

    Returns:
        The checksum of a file's bytes; a word for what has none; None if nothing can be read.
    """
    place = Path(path)
    try:
        if place.is_file():
            return sha256(place.read_bytes()).hexdigest()
        if place.is_dir():
            return FOLDER
        return OTHER if place.exists() else None
    except (OSError, ValueError):
        return None


def state_of_folder(path: str, ignored: str) -> str | None:
    """Give the state of a folder: the names in it, apart from hidden and generated files.

    Args:
        path: An absolute path.
        ignored: The absolute path of the folder that generated files go to.

    Returns:
        A checksum; None if it cannot be read.
    """
    try:
        with os.scandir(path) as entries:
            names = sorted(
                f"{entry.name}/" if entry.is_dir() else entry.name
                for entry in entries
                if not _is_ours(entry, ignored)
            )
    except (OSError, ValueError):
        return None
    return sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def state_of_variable(value: str | None) -> str | None:
    """Give the state of an environment variable, which does not tell its value."""
    return None if value is None else sha256(os.fsencode(value)).hexdigest()


def _is_ours(entry: "os.DirEntry[str]", ignored: str) -> bool:
    if entry.name.startswith(".") or entry.name == "__pycache__" or entry.path == ignored:
        return True
    if not entry.name.endswith("_prefect.py"):
        return False
    from metaflow_prefect.write import is_generated  # noqa: PLC0415  (seldom needed)

    return entry.is_file() and is_generated(Path(entry.path))
