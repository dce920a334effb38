"""Tags and parameters of an entry: which of them are ours is written beside them."""

import json
from collections.abc import Mapping
from copy import deepcopy
from hashlib import sha256
from typing import Any

from metaflow_prefect.deploy.description import Description
from ruamel.yaml.comments import CommentedBase, CommentedMap

from mfp.deploy.prefect_yaml.scalars import scalars

LENGTH = 8  # of a value's hash; by it we see whether the user has changed it


def put_tags_and_parameters(
    entry: CommentedMap, described: Description, before: Mapping[str, Any]
) -> dict[str, Any]:
    """Bring our tags and parameters up to date, and leave those of users.

    Args:
        entry: The entry.
        described: What the flow says of its deployment.
        before: What this has returned for the entry as it is.

    Returns:
        What of it is ours, to be written beside it.
    """
    tags = before.get("tags")
    values = before.get("parameters")
    ours = {
        "tags": _put_tags(entry, described.tags, tags if isinstance(tags, list) else []),
        "parameters": _put_parameters(
            entry, described.parameters, values if isinstance(values, dict) else {}
        ),
    }
    return {key: scalars(value) for key, value in ours.items() if value}


def unshared(entry: CommentedMap, key: str) -> Any:
    """Give an entry's value, so that a change of it changes no other entry.

    Args:
        entry: The entry.
        key: The value's key.

    Returns:
        The value; if it has an anchor, or is another's by one, the entry gets a copy.
    """
    found = entry.get(key)
    if isinstance(found, CommentedBase) and found.yaml_anchor() is not None:
        found = deepcopy(found)
        found.yaml_set_anchor(None)
    return found


def _put_tags(entry: CommentedMap, wanted: tuple[str, ...], before: list[Any]) -> list[str]:
    found = entry.get("tags")
    if found is not None and not isinstance(found, list):
        return []
    tags = [*(found or ())]
    ours = [tag for tag in wanted if tag in before or tag not in tags]
    kept = [tag for tag in tags if tag in wanted or tag not in before]
    result = [*kept, *(tag for tag in wanted if tag not in kept)]
    _put(entry, "tags", found, result)
    return ours


def _put_parameters(
    entry: CommentedMap, wanted: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, str]:
    found = entry.get("parameters")
    if found is not None and not isinstance(found, dict):
        return {}
    values = {**(found or {})}
    theirs = {name for name, value in values.items() if _hash(value) != before.get(name)}
    left = {name: value for name, value in values.items() if name in theirs or name in wanted}
    ours = {name: value for name, value in wanted.items() if name not in theirs}
    _put(entry, "parameters", found, {**left, **ours})
    return {name: _hash(value) for name, value in ours.items()}


def _put(entry: CommentedMap, key: str, found: Any, wanted: Any) -> None:
    """Set a list or a mapping, if it is not so already; comments in it stay where they can."""
    if _hash(found or type(wanted)()) == _hash(wanted):
        return
    if not wanted:
        del entry[key]
        return
    value = unshared(entry, key)
    if isinstance(value, CommentedMap):
        for name in [name for name in value if name not in wanted]:
            del value[name]
        for name, one in wanted.items():
            if name not in value or _hash(value[name]) != _hash(one):
                value[scalars(name)] = scalars(one)
        entry[key] = value
    else:
        entry[key] = scalars(wanted)


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:LENGTH]
