"""What has set a run off, told to its steps as Metaflow's `current.trigger`."""

from __future__ import annotations

import base64
import importlib
import json
import os
from collections.abc import Sequence
from typing import Any

# The Prefect side's `TRIGGER_VARIABLE`.
TRIGGERS_KNOWN_BY = "METAFLOW_PREFECT_TRIGGER"
TELLS_CONTAINERS = "prefect_internal"  # the decorator of our extension of Metaflow
CANNOT_TELL = (
    "The containers of @kubernetes and @batch will have no current.trigger: Metaflow "
    f"knows no decorator {TELLS_CONTAINERS} here. Install what this file was made by "
    "where the flow runs, too."
)


def known_triggers() -> str | None:
    """Return what has set off this run, as JSON; none if nothing has."""
    return os.environ.get(TRIGGERS_KNOWN_BY)


def know_triggers() -> None:
    """Let `current.trigger` say what has set off this run, if anything has."""
    if text := known_triggers():
        events: Any = importlib.import_module("metaflow.events")
        metaflow: Any = importlib.import_module("metaflow")
        metaflow.current._update_env({"trigger": events.Trigger(json.loads(text))})


def tell_containers(steps: Sequence[Any]) -> str | None:
    """Let `current.trigger` say so in containers, too, which get no variable of ours.

    Metaflow passes on what `--with` adds to a step: a decorator of our extension, which
    is in each code package, as all extensions are.

    Args:
        steps: The steps of the flow that run in containers.

    Returns:
        What to tell the user if that cannot be done.
    """
    text = known_triggers()
    if not text or not steps:
        return None
    decorators: Any = importlib.import_module("metaflow.decorators")
    decorator = decorators.get_all_step_decos().get(TELLS_CONTAINERS)
    if decorator is None:
        return CANNOT_TELL
    # Whatever the events are called, no shell and no template finds a sign of its own.
    signs = base64.urlsafe_b64encode(text.encode()).decode()
    for step in steps:
        step.decorators.append(decorator({"triggers": signs}))
    return None
