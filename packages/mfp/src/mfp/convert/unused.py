"""What of the settings and options concerns no flow, and so may be a mistake."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mfp.convert.selection import Selection
from mfp.convert.writing.outcome import Outcome
from mfp.convert.writing.plan import Planned
from mfp.settings import Settings


def unused_settings(
    settings: Settings,
    selection: Selection,
    project: Sequence[Planned],
    outcomes: Sequence[Outcome],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find overrides that match no flow, and configs that no flow has.

    Args:
        settings: The settings.
        selection: The options.
        project: All flows of the project.
        outcomes: What became of those that were converted.

    Returns:
        Warnings and errors, as lines.
    """
    has = {(one.path, one.name): one.reply.configs for one in outcomes if one.reply}

    def is_known(name: str, flows: Sequence[Planned]) -> bool:
        """Say whether a flow has the config; one that was not loaded may, if its file names it."""
        for flow in flows:
            configs = has.get((flow.path, flow.name))
            if name in configs if configs is not None else _mentions(Path(flow.path), name):
                return True
        return False

    matched = [
        [one for one in project if settings.matches(number, one.path)]
        for number in range(len(settings.overrides))
    ]
    warnings = [
        f"{settings.location('overrides', number, 'paths')}: the paths of this override match no "
        "flow. Correct them, or remove it."
        for number, flows in enumerate(matched)
        if not flows
    ]
    tables: list[tuple[Mapping[str, Any], tuple[str | int, ...], Sequence[Planned]]]
    tables = [(settings.table, ("configs",), project)]
    tables += [
        (one.table, ("overrides", number, "configs"), flows)
        for number, (one, flows) in enumerate(zip(settings.overrides, matched, strict=True))
        if flows
    ]
    errors = [
        f"{settings.location(*keys, name)}: no flow has a config named {name}. Correct the "
        "name, or remove it."
        for table, keys, flows in tables
        for name in table.get("configs", {})
        if not is_known(name, flows)
    ]
    given = dict.fromkeys(name for name, _ in (*selection.config, *selection.config_value))
    asked = [one for one in project if (one.path, one.name) in {(o.path, o.name) for o in outcomes}]
    errors += [
        f"No flow has a config named {name}, which the command line sets. Correct the name."
        for name in given
        if not is_known(name, asked)
    ]
    return tuple(warnings), tuple(errors)


def _mentions(file: Path, name: str) -> bool:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return re.search(rf"""(['"]){re.escape(name)}\1""", text) is not None
