"""Parameters of a run: from Prefect to Metaflow's command line."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from prefect import Flow

from .facts import FlowFacts, ParameterFacts


def given_values(
    facts: FlowFacts, flow: Flow[Any, Any] | None, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Leave out parameters that have their defaults: Metaflow knows these itself.

    Args:
        facts: The flow.
        flow: The Prefect flow, whose signature has the defaults.
        values: All parameters by their names in Metaflow.

    Returns:
        The parameters that Metaflow has to be told.
    """
    signature = inspect.signature(flow.fn).parameters if flow else {}
    given = {}
    for parameter in facts.parameters:
        value = values[parameter.name]
        default = signature[parameter.argument].default
        # not by `==`, to which 1, 1.0 and True are one, also inside of lists
        if value is None or repr(value) == repr(default):
            continue
        given[parameter.name] = value
    return given


def parameter_words(parameter: ParameterFacts, value: Any) -> list[str]:
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


def _word(parameter: ParameterFacts, value: Any) -> str:
    if parameter.kind == "json":
        return json.dumps(value)
    return repr(value) if isinstance(value, float) else str(value)
