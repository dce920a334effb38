"""One entry of the `deployments` in a `prefect.yaml`: what of it is ours."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from metaflow_prefect.deploy.defaults import PLACEHOLDER
from metaflow_prefect.deploy.description import (
    DEFAULT_NAME,
    SCHEDULE_SLUG,
    TRIGGER_NAMES,
    is_our_schedule,
    named_triggers,
)
from ruamel.yaml.comments import CommentedMap

from mfp.deploy.naming import PlannedDeployment, relative
from mfp.deploy.prefect_yaml.scalars import scalars
from mfp.deploy.prefect_yaml.tags_and_parameters import put_tags_and_parameters, unshared

# The key by which our entries are known; Prefect leaves keys alone that it does not know.
MARK = "metaflow_flow"
# By it we know later which tags and parameters we have written, and which are the user's.
OURS = "metaflow_wrote"
# Keys of a trigger that ours have; all others are the user's.
TRIGGER_KEYS = ("type", "expect", "match_related", "require", "triggers", "parameters")
SCHEDULE_KEYS = ("cron", "timezone")


def problem_of(planned: PlannedDeployment) -> str:
    """Say why a flow cannot be in the file; give an empty text if it can.

    Args:
        planned: The flow.
    """
    described = planned.description
    tags = described.tags if described else ()
    output = str(planned.outcome.output)
    for text in (planned.name, output, planned.work_pool or "", *tags):
        if PLACEHOLDER in text:
            return f"{text!r} holds {PLACEHOLDER}, which Prefect takes for a placeholder"
    return ""


def new_entry(planned: PlannedDeployment, folder: Path) -> CommentedMap:
    """Write a flow's entry.

    Args:
        planned: The flow.
        folder: The folder that paths are relative to.
    """
    entry = CommentedMap()
    put_entry(entry, planned, folder)
    return entry


def put_entry(entry: CommentedMap, planned: PlannedDeployment, folder: Path) -> bool:
    """Bring an entry up to date, and leave alone what is not ours.

    Args:
        entry: The entry.
        planned: Its flow.
        folder: The folder that paths are relative to.

    Returns:
        Whether that has changed it.
    """
    described = planned.description
    if described is None:
        return False
    before = deepcopy(entry)
    entry["name"] = scalars(planned.name)
    entry["entrypoint"] = scalars(planned.entrypoint(folder))
    entry[MARK] = scalars(mark_of(planned, folder))
    found = entry.get(OURS)
    ours = put_tags_and_parameters(entry, described, found if isinstance(found, dict) else {})
    if ours:
        entry[OURS] = ours
    elif OURS in entry:
        del entry[OURS]
    schedules = []
    if described.cron is not None:
        values = {"cron": described.cron, "timezone": described.timezone}
        schedules = [{**values, "slug": _schedule_slug(entry)}]
    _put_items(entry, "schedules", "slug", is_our_schedule, schedules)
    triggers = named_triggers(described.triggers, planned.full_name)
    _put_items(entry, "triggers", "name", _is_our_trigger, triggers)
    _put_work_pool(entry, planned.work_pool)
    return before != entry


def mark_of(planned: PlannedDeployment, folder: Path) -> str:
    """Give the value of `metaflow_flow`, by which an entry is known to be a flow's.

    Args:
        planned: The flow.
        folder: The folder that paths are relative to.
    """
    return f"{relative(str(planned.outcome.path), folder)}:{planned.outcome.name}"


def _schedule_slug(entry: CommentedMap) -> str:
    """Return the slug of our schedule: the one that the entry has, or else the usual one."""
    found = entry.get("schedules")
    items = found if isinstance(found, list) else []
    slugs = [item.get("slug") for item in items if isinstance(item, dict)]
    return str(next(filter(is_our_schedule, slugs), SCHEDULE_SLUG))


def _is_our_trigger(name: object) -> bool:
    return isinstance(name, str) and name.startswith(TRIGGER_NAMES)


def _put_items(
    entry: CommentedMap,
    key: str,
    name: str,
    is_ours: Callable[[object], bool],
    wanted: list[dict[str, Any]],
) -> None:
    """Bring our items of a list up to date, and leave those of users.

    Args:
        entry: The entry.
        key: The list's key.
        name: The key of an item's name.
        is_ours: Whether an item of that name is ours.
        wanted: Our items, as they should be.
    """
    found = unshared(entry, key)
    items = found if isinstance(found, list) else []
    any_before = bool(items)
    left = {item[name]: item for item in wanted}
    for item in list(items):
        called = item.get(name) if isinstance(item, dict) else None
        if called in left:
            _put_item(item, left.pop(called))
        elif is_ours(called):
            items.remove(item)
    items.extend(CommentedMap(scalars(item)) for item in left.values())
    if items:
        entry[key] = items
    elif any_before:
        del entry[key]


def _put_item(item: CommentedMap, wanted: dict[str, Any]) -> None:
    for key in (*TRIGGER_KEYS, *SCHEDULE_KEYS):
        if key in item and key not in wanted:
            del item[key]
    item.update(scalars(wanted))


def _put_work_pool(entry: CommentedMap, name: str | None) -> None:
    """Set the work pool that is asked for; without one, the user's is left."""
    pool = unshared(entry, "work_pool")
    if not isinstance(pool, dict):
        entry["work_pool"] = CommentedMap(name=scalars(name or DEFAULT_NAME))
    elif pool.get("name") != (name or pool.get("name") or DEFAULT_NAME):
        pool["name"] = scalars(name or DEFAULT_NAME)
        entry["work_pool"] = pool
