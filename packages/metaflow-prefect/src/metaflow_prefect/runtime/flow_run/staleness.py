"""Whether a generated file is older than its flow."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..facts import MetaflowFlow, Parameter

STALE = "{} has changed since {} was made from it: {}. Make it again: {}"


def stale_reason(
    facts: MetaflowFlow, parameters: Sequence[Parameter], shape: Mapping[str, Any]
) -> str | None:
    """Say how a flow has changed since its generated file was made, if it has.

    What a step does inside may change freely, and so may defaults and help texts.

    Args:
        facts: The flow as the generated file has it.
        parameters: Its parameters likewise.
        shape: The flow as Metaflow has loaded it.
    """
    known = {
        "steps": {
            step.name: {"kind": step.kind, "next": step.next, "closes": step.closes}
            for step in facts.graph
        },
        "parameters": {one.name: one.interface() for one in parameters},
    }
    known = json.loads(json.dumps(known))
    changes = [
        *_changes("step", known["steps"], shape["steps"]),
        *_changes("parameter", known["parameters"], shape["parameters"]),
    ]
    if not changes:
        return None
    file = Path(facts.file).name
    again = shlex.join(["python", facts.source, "prefect", "create", file])
    return STALE.format(facts.source, file, ", ".join(changes), again)


def _changes(
    what: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[str]:
    for name in sorted(before.keys() - now.keys()):
        yield f"{what} {name} is gone"
    for name in sorted(now.keys() - before.keys()):
        yield f"{what} {name} is new"
    for name in sorted(before.keys() & now.keys()):
        if before[name] != now[name]:
            yield f"{what} {name} has changed"
