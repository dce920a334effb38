"""What Prefect's form for starting a run shows of a parameter that a run may do without."""

from __future__ import annotations

from typing import Any

NULL = {"type": "null"}
# What a field of the form has when nobody has touched it, and so would send, is not nothing.
NEVER_EMPTY = ("boolean",)
NOTHING = "default"  # what such a field's button says for nothing


def form_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Have the form leave a field empty where the flow is to find the value itself.

    From `str | None = None` Prefect makes a field that says "None", also where the default is
    computed or read from a file when a run starts. A field that is left empty is not sent at all.
    Prefect's server takes `null` for it all the same, as where a run is copied.

    Args:
        schema: The schema of a flow's parameters, as Prefect makes it. It is changed.
    """
    for told in schema["properties"].values():
        kinds = [kind for kind in told.get("anyOf", ()) if kind != NULL]
        if not kinds or told.get("default", ...) is not None:
            continue
        if len(kinds) > 1 or kinds[0].get("type") in (*NEVER_EMPTY, None):
            told["anyOf"] = [*kinds, {**NULL, "title": NOTHING}]
            continue
        del told["anyOf"], told["default"]
        told.update(kinds[0])
        if "enum" in told:
            told["enum"] = [*told["enum"], None]
    return schema
