"""Waits for what tells nobody that it has happened."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from support.run import LIMIT

_PAUSE = 0.1  # seconds at least between two looks ...
_SHARE = 0.1  # ... and this share of the time so far, as each look keeps a server busy

Found = TypeVar("Found")


def until(look: Callable[[], Found | None], what: str = "what was awaited") -> Found:
    """Look again and again until there is something.

    Args:
        look: Gives what is waited for, or something that is false.
        what: What to call it.

    Returns:
        What was found.
    """
    start = time.monotonic()
    while not (found := look()):
        waited = time.monotonic() - start
        assert waited < LIMIT, f"{what} did not come in {LIMIT} s"
        time.sleep(max(_PAUSE, _SHARE * waited))
    return found


def until_exists(path: Path) -> None:
    """Wait for a file."""
    until(path.exists)
