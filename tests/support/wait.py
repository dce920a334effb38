"""Waits for what tells nobody that it has happened."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from support.run import LIMIT

_PAUSE = 0.1  # seconds between two looks

Found = TypeVar("Found")


def until(look: Callable[[], Found | None], what: str = "what was awaited") -> Found:
    """Look again and again until there is something.

    Args:
        look: Gives what is waited for, or something that is false.
        what: What to call it.

    Returns:
        What was found.
    """
    end = time.monotonic() + LIMIT
    while not (found := look()):
        assert time.monotonic() < end, f"{what} did not come in {LIMIT} s"
        time.sleep(_PAUSE)
    return found


def until_exists(path: Path) -> None:
    """Wait for a file."""
    until(path.exists)
