"""Settings that stand in variables of the environment."""

from __future__ import annotations

import os


def seconds_setting(variable: str, default: float) -> float:
    """Return a setting in seconds.

    Args:
        variable: The name of the variable.
        default: What it is where the variable says nothing.

    Raises:
        ValueError: The setting makes no sense; the message says what to do.
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{variable} is {text!r}. Set it to seconds, 0 or more.")
    return seconds
