"""Names in the generated file: valid, readable, and clear of each other."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

# Prefect's own arguments of a flow call, and what the flow function's body uses.
TAKEN_BY_FLOW = frozenset(
    {"return_state", "wait_for", "run_flow", "metaflow_flow", "locals", "self", "cls"}
)
# What the flow's own part of a generated file uses beside what it imports.
TAKEN_BY_FILE = frozenset(
    {
        *("metaflow_flow", "annotations", "flow", "task"),
        *("gc", "socket", "sys", "ends", "fd", "early"),
        *("metaflow_prefect", "start_early", "runtime", "main", "run_flow", "load_runtime"),
        *("load_side", "load_metaflow_side", "os", "sha256", "import_module"),
    }
)
# Prefect checks a flow's parameters through a pydantic model with a field for each. A
# field named as one of the model's own attributes is warned of, refused, or (as
# `model_fields_set`) silently given another value.
TAKEN_BY_PYDANTIC = frozenset(
    {
        *("construct", "copy", "dict", "from_orm", "json", "parse_file", "parse_obj"),
        *("parse_raw", "schema", "schema_json", "update_forward_refs", "validate"),
        *("model_computed_fields", "model_config", "model_construct", "model_copy"),
        *("model_extra", "model_fields", "model_fields_set", "model_json_schema"),
        *("model_parametrized_name", "model_post_init", "model_rebuild"),
    }
)
RESERVED_BEGINNINGS = ("model_dump", "model_validate", "v__")


def identifier(text: str) -> str:
    """Return the closest Python identifier of a text, never empty or private.

    Only letters, marks and numbers of Unicode 3.2 are kept: what else may stand in an
    identifier depends on the Python version.
    """
    known = "".join(c if unicodedata.ucd_3_2_0.category(c)[0] in "LMN" else "_" for c in text)
    normal = unicodedata.normalize("NFKC", known)
    word = "".join(c if ("_" + c).isidentifier() else "_" for c in normal).lstrip("_")
    if not word or not word.isidentifier() or word.startswith(RESERVED_BEGINNINGS):
        word = f"p_{word}"
    # Soft keywords may stay; which there are depends on the Python version.
    return f"{word}_" if keyword.iskeyword(word) else word


def argument_names(names: Iterable[str]) -> dict[str, str]:
    """Give every parameter an argument of the Prefect flow's function.

    Args:
        names: The parameters' names in Metaflow.

    Returns:
        The arguments' names by the parameters' names; the same wherever possible.
    """
    chosen: dict[str, str] = {}
    reserved = TAKEN_BY_FLOW | TAKEN_BY_PYDANTIC
    taken = set(reserved)
    ordered = list(names)
    # A name that can stay as it is has the first claim on it.
    for name in sorted(ordered, key=lambda n: identifier(n) != n or n in reserved):
        word = identifier(name)
        while word in taken:
            word += "_"
        taken.add(word)
        chosen[name] = word
    return {name: chosen[name] for name in ordered}


def function_name(flow: str) -> str:
    """Return the name of the Prefect flow's function: the class's name in snake case.

    Args:
        flow: The name of the class.
    """
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", flow).lower()
    word = identifier(snake)
    avoid = {*TAKEN_BY_FILE, *dir(builtins)}
    while word in avoid or word.startswith("step_"):
        word = f"flow_{word}"
    return word
