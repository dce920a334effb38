"""Which defaults of a flow's parameters a deployment can have, and in which form."""

from __future__ import annotations

import math
from typing import Any

from metaflow_prefect.generate.names import argument_names
from metaflow_prefect.model import FlowModel, LiteralDict, LiteralList, Literals

LARGEST = 2**63  # Prefect's server stores integers below it
KIND = "__prefect_kind"  # by which Prefect knows a value that it is to make itself
PLACEHOLDER = "{{"  # begins one in Prefect's templates, also in what a flow's author wrote


def deployment_parameters(flow: FlowModel) -> dict[str, Any]:
    """Give the defaults of a flow's parameters as JSON has them.

    One that JSON or Prefect would change is left out: the generated file has it in any case.

    Args:
        flow: The flow.

    Returns:
        The defaults, by the names of the flow function's arguments.
    """
    arguments = argument_names(parameter.name for parameter in flow.parameters)
    return {
        arguments[parameter.name]: plain_value(parameter.default)
        for parameter in flow.parameters
        if parameter.default is not None and _is_kept(parameter.default)
    }


def plain_value(value: Literals) -> Any:
    """Give a default as Python has it.

    Args:
        value: The default.
    """
    match value:
        case LiteralList():
            return [plain_value(entry) for entry in value.entries]
        case LiteralDict():
            return {plain_value(key): plain_value(entry) for key, entry in value.items}
    return value


def _is_kept(value: Literals) -> bool:
    match value:
        case str():
            return PLACEHOLDER not in value and "\0" not in value and _is_utf8(value)
        case float():
            return math.isfinite(value)
        case int():
            return -LARGEST <= value < LARGEST
        case LiteralList():
            return all(_is_kept(entry) for entry in value.entries)
        case LiteralDict():
            keys = [key for key, _ in value.items]
            plain = all(isinstance(key, str) and _is_kept(key) for key in keys) and KIND not in keys
            return plain and all(_is_kept(entry) for _, entry in value.items)
    return value is None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
