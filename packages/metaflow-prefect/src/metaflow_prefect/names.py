"""Names in the generated file: valid, readable, and clear of each other."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

# Prefect's own arguments of a flow call, and what the flow function's body uses.
TAKEN_BY_FLOW = frozenset(
    {"model_config", "return_state", "wait_for", "run_flow", "flow_facts", "self", "cls"}
)


def identifier(text: str) -> str:
    """Return the closest Python identifier of a text, never empty or private."""
    normal = unicodedata.normalize("NFKC", text)
    word = "".join(c if ("_" + c).isidentifier() else "_" for c in normal).lstrip("_")
    if not word or not word.isidentifier():
        word = f"p_{word}"
    return f"{word}_" if keyword.iskeyword(word) or keyword.issoftkeyword(word) else word


def argument_names(names: Iterable[str]) -> dict[str, str]:
    """Give every parameter an argument of the Prefect flow's function.

    Args:
        names: The parameters' names in Metaflow.

    Returns:
        The arguments' names by the parameters' names; the same wherever possible.
    """
    chosen: dict[str, str] = {}
    taken = set(TAKEN_BY_FLOW)
    ordered = list(names)
    # A name that can stay as it is has the first claim on it.
    for name in sorted(ordered, key=lambda name: identifier(name) != name):
        word = identifier(name)
        while word in taken:
            word += "_"
        taken.add(word)
        chosen[name] = word
    return {name: chosen[name] for name in ordered}


def function_name(flow: str, taken: Iterable[str]) -> str:
    """Return the name of the Prefect flow's function: the class's name in snake case."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", flow).lower()
    word = identifier(snake)
    avoid = {*taken, *dir(builtins)}
    while word in avoid or word.startswith("step_"):
        word = f"flow_{word}"
    return word
