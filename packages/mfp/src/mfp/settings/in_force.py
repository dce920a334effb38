"""What is in force for a flow, and where each of it was set."""

import os
from typing import Any

from mfp.settings.read import Settings
from mfp.settings.tables import keys_of

DEFAULT = "default"
# What the commands do where neither the settings nor the command line say it.
USUAL: dict[str, Any] = {
    "paths": ["."],
    "output-dir": "prefect_flows",
    "missing-imports": "error",
    "runtime": "embedded",
    "timeout": 60,
}
LISTS = ("with", "tags", "include", "exclude")


def in_force(settings: Settings, flow: str | os.PathLike[str] | None) -> dict[str, tuple[Any, str]]:
    """Give all settings.

    Args:
        settings: The settings.
        flow: The flow's file; None leaves overrides out.

    Returns:
        Value and place by the keys of `pyproject.toml`; the place is `default` or file and line.
    """
    keys = [key for key in keys_of(override=False) if key != "overrides"]
    keys += [key for key in keys_of(override=True) if key not in keys and key != "paths"]
    found: dict[str, tuple[Any, str]] = {}
    for key in keys:
        usual = USUAL.get(key, [] if key in LISTS else {} if key == "configs" else None)
        found[key] = (usual, DEFAULT)
    for key, value in settings.table.items():
        found[key] = (value, settings.location(key))
    for number, one in enumerate(settings.overrides):
        if flow is not None and settings.matches(number, flow):
            for key, value in one.table.items():
                whole = {**found[key][0], **value} if key == "configs" else value
                found[key] = (whole, settings.location("overrides", number, key))
    return found
