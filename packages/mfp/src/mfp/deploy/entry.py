"""One entry of the `deployments` in a `prefect.yaml`: what of it is ours."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from metaflow_prefect.deployment import (
    DEFAULT_NAME,
    SCHEDULE_SLUG,
    TRIGGER_NAMES,
    named_triggers,
)
from ruamel.yaml.comments import CommentedMap

from mfp.deploy.place import Placed

# The key by which our entries are known; Prefect leaves keys alone that it does not know.
MARK = "metaflow_flow"
PROJECT_TAGS = ("project:", "project_branch:")
# What Prefect takes for a placeholder, also in what a flow's author wrote.
PLACEHOLDER = "{{"
# Keys of a trigger that ours have; all others are the user's.
TRIGGER_KEYS = ("type", "expect", "match_related", "require", "triggers", "parameters")
SCHEDULE_KEYS = ("cron", "timezone")


def problem_of(placed: Placed) -> str:
    """Say why a flow cannot be in the file; give an empty text if it can.

    Args:
        placed: The flow.
    """
    described = placed.description
    tags = described.tags if described else ()
    for text in (placed.name, placed.entrypoint, placed.work_pool or "", *tags):
        if PLACEHOLDER in text:
            return f"{text!r} holds {PLACEHOLDER}, which Prefect takes for a placeholder"
    return ""


def new_entry(placed: Placed) -> CommentedMap:
    """Write a flow's entry.

    Args:
        placed: The flow.
    """
    entry = CommentedMap()
    put_entry(entry, placed)
    return entry


def put_entry(entry: CommentedMap, placed: Placed) -> bool:
    """Bring an entry up to date, and leave alone what is not ours.

    Args:
        entry: The entry.
        placed: Its flow.

    Returns:
        Whether that has changed it.
    """
    described = placed.description
    if described is None:
        return False
    before = deepcopy(entry)
    entry["name"] = placed.name
    entry["entrypoint"] = placed.entrypoint
    entry[MARK] = mark_of(placed)
    if tags := _tags(entry.get("tags"), described.tags):
        entry["tags"] = tags
    elif entry.get("tags"):
        del entry["tags"]
    schedules = []
    if described.cron is not None:
        values = {"cron": described.cron, "timezone": described.timezone}
        schedules = [{**values, "slug": SCHEDULE_SLUG}]
    _put_items(entry, "schedules", "slug", SCHEDULE_SLUG.__eq__, schedules)
    triggers = named_triggers(described.triggers, placed.full_name)
    _put_items(entry, "triggers", "name", _is_our_trigger, triggers)
    _put_work_pool(entry, placed.work_pool)
    return before != entry


def mark_of(placed: Placed) -> str:
    """Give the value of `metaflow_flow`, by which an entry is known to be a flow's."""
    return f"{placed.outcome.path}:{placed.outcome.name}"


def _is_our_trigger(name: object) -> bool:
    return isinstance(name, str) and name.startswith(TRIGGER_NAMES)


def _tags(found: Any, wanted: tuple[str, ...]) -> Any:
    """Add our tags to those that are there; only a project's can be told to be old ones."""
    if found is not None and not isinstance(found, list):
        return found
    kept = [tag for tag in found or () if tag in wanted or not str(tag).startswith(PROJECT_TAGS)]
    return [*kept, *(tag for tag in wanted if tag not in kept)]


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
    found = entry.get(key)
    items = found if isinstance(found, list) else []
    any_before = bool(items)
    left = {item[name]: item for item in wanted}
    for item in list(items):
        called = item.get(name) if isinstance(item, dict) else None
        if called in left:
            _put_item(item, left.pop(called))
        elif is_ours(called):
            items.remove(item)
    items.extend(CommentedMap(item) for item in left.values())
    if items:
        entry[key] = items
    elif any_before:
        del entry[key]


def _put_item(item: CommentedMap, wanted: dict[str, Any]) -> None:
    for key in (*TRIGGER_KEYS, *SCHEDULE_KEYS):
        if key in item and key not in wanted:
            del item[key]
    item.update(wanted)


def _put_work_pool(entry: CommentedMap, name: str | None) -> None:
    """Set the work pool that is asked for; without one, the user's is left."""
    pool = entry.get("work_pool")
    if not isinstance(pool, dict):
        entry["work_pool"] = CommentedMap(name=name or DEFAULT_NAME)
    elif name is not None or not pool.get("name"):
        pool["name"] = name or DEFAULT_NAME
