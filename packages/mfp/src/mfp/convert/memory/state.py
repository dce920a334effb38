"""What is at a path, so that a change of it shows."""

import os
import re
from hashlib import sha256
from pathlib import Path

CHUNK = 1 << 20  # bytes
FILE = re.compile(r"(?:link to .* )?([0-9a-f]{64})", re.DOTALL)


def state_of(path: str) -> str | None:
    """Give the state of what is at a path.

    Args:
        path: An absolute path.

    Returns:
        The checksum of a file's bytes, `folder` and the checksum of the names in it, or `other`;
        for a link, where it leads to comes before that. None if nothing can be read.
    """
    place = Path(path)
    try:
        link = f"link to {place.readlink()} " if place.is_symlink() else ""
        if place.is_dir():
            names = "\0".join(sorted(os.listdir(path)))  # noqa: PTH208  (names are all it takes)
            return f"{link}folder {sha256(os.fsencode(names)).hexdigest()}"
        if place.is_file():
            return f"{link}{_checksum(place)}"
        return f"{link}other" if place.exists() else link or None
    except (OSError, ValueError):
        return None


def checksum_in(state: str | None) -> str | None:
    """Give the checksum of a file's bytes from its state; None if it is no file's."""
    found = FILE.fullmatch(state or "")
    return found[1] if found else None


def _checksum(place: Path) -> str:
    digest = sha256()
    with place.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
