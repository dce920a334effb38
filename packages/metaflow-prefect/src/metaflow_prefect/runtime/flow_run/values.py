"""Parameters of a run: from Prefect to Metaflow's command line."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from prefect import Flow

from ..facts import Parameter, ParameterKind
from .markdown import one_line

KINDS: dict[Any, ParameterKind] = {
    int: "int",
    float: "float",
    bool: "bool",
    str: "str",
}


def parameters_of(flow: Flow[Any, Any]) -> list[Parameter]:
    """Read a flow's parameters off the signature of its Prefect flow.

    What a Python type does not say of a parameter stands beside it, in `Annotated`.

    Args:
        flow: The Prefect flow of a generated file.

    Returns:
        The parameters, in the order of the signature.
    """
    documented = flow.parameters.properties
    found = []
    for name, argument in inspect.signature(flow.fn, eval_str=True).parameters.items():
        kind, extra = argument.annotation, {}
        if hasattr(kind, "__metadata__"):
            kind, extra = get_args(kind)
        facts: dict[str, Any] = {
            "name": name,
            "argument": name,
            "required": argument.default is argument.empty,
            "help": documented[name].get("description") or "",
            **_facts_of_type(kind),
            **extra,
        }
        found.append(Parameter(**facts))
    return found


def _facts_of_type(kind: Any) -> dict[str, Any]:
    """Return the kind of a parameter, and its choices, by its type."""
    while (inner := get_args(kind)) and get_origin(kind) is not Literal:
        kind = inner[0]  # of a list, or of what may also be `None`
    if get_origin(kind) is Literal:
        return {"kind": "str", "choices": get_args(kind)}
    return {"kind": KINDS.get(kind, "json")}


def shown_defaults(
    parameters: Sequence[Parameter], flow: Flow[Any, Any]
) -> dict[str, str]:
    """Return what `--help` says of the parameters' defaults, by their names.

    Args:
        parameters: The flow's parameters.
        flow: The Prefect flow, whose signature has the defaults.
    """
    signature = inspect.signature(flow.fn).parameters
    found = {}
    for parameter in parameters:
        default = signature[parameter.argument].default
        if parameter.required or default is None:
            continue
        values = default if parameter.multiple else [default]
        text = ", ".join(_word(parameter, value) for value in values)
        found[parameter.name] = f"[default: {one_line(text)}]"
    return found


def given_values(
    parameters: Sequence[Parameter], flow: Flow[Any, Any], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Leave out parameters that have their defaults: Metaflow knows these itself.

    Args:
        parameters: The flow's parameters.
        flow: The Prefect flow, whose signature has the defaults.
        arguments: What it was called with.

    Returns:
        The values to give to Metaflow, by the parameters' names in Metaflow.
    """
    signature = inspect.signature(flow.fn).parameters
    given = {}
    for parameter in parameters:
        value = arguments[parameter.argument]
        default = signature[parameter.argument].default
        # not by `==`, to which 1, 1.0 and True are one, also inside of lists
        if value is None or repr(value) == repr(default):
            continue
        given[parameter.name] = value
    return given


def parameter_words(parameter: Parameter, value: Any) -> list[str]:
    """Write a parameter as words of Metaflow's command line.

    Args:
        parameter: The parameter.
        value: Its value, as Prefect has it.

    Returns:
        The words, which Metaflow reads back as this value.
    """
    option = f"--{parameter.name}"
    if parameter.is_flag:
        return [option] if value == parameter.flag_value else []
    if parameter.is_counter:
        return [option] * int(value)
    values = list(value) if parameter.multiple else [value]
    if parameter.arity != 1:
        return [
            word
            for one in values
            for word in (option, *(_word(parameter, part) for part in one))
        ]
    return [f"{option}={_word(parameter, one)}" for one in values]


def _word(parameter: Parameter, value: Any) -> str:
    if parameter.kind == "json":
        return json.dumps(value)
    return repr(value) if isinstance(value, float) else str(value)
