"""A flow's parameters as arguments of its Prefect flow, from which the runtime reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from metaflow_prefect.generate.generated_file import docstring_text
from metaflow_prefect.generate.literals import literal, text_literal
from metaflow_prefect.model import LiteralDict, LiteralList, ParameterModel
from metaflow_prefect.runtime.facts import Parameter, ParameterKind

TYPES: dict[ParameterKind, str] = {"int": "int", "float": "float", "bool": "bool", "str": "str"}
KINDS = {type_: kind for kind, type_ in TYPES.items()}
# What is said elsewhere: by the signature itself, or not at all.
ELSEWHERE = ("argument", "required", "choices")


def argument_lines(parameters: Mapping[str, ParameterModel]) -> list[str]:
    """Write the arguments.

    Args:
        parameters: The parameters by their arguments' names.

    Returns:
        A line for each, with its comma; none if there are no parameters.
    """
    lines = [_argument(name, parameter) for name, parameter in parameters.items()]
    return ["*,", *lines] if lines else []


def documentation_lines(parameters: Mapping[str, ParameterModel]) -> list[str]:
    """Write the docstring's lines from which Prefect takes the parameters' descriptions.

    Args:
        parameters: The parameters by their arguments' names.

    Returns:
        A line for each that has a help text.
    """
    return [
        f"{name}: {docstring_text(_one_line(parameter.help))}"
        for name, parameter in parameters.items()
        if parameter.help.strip()
    ]


def typing_names(parameters: Mapping[str, ParameterModel]) -> list[str]:
    """Return what the arguments take from `typing`, and the flow's own annotation.

    Args:
        parameters: The parameters by their arguments' names.
    """
    all_parameters = parameters.items()
    annotated = any(_extra_facts(name, parameter) for name, parameter in all_parameters)
    literals = any(parameter.choices for _, parameter in all_parameters)
    return [*["Annotated"] * annotated, "Any", *["Literal"] * literals]


def _argument(name: str, parameter: ParameterModel) -> str:
    type_ = _type(parameter)
    if not parameter.required and parameter.default is None and type_ != "Any":
        type_ += " | None"
    if extra := _extra_facts(name, parameter):
        type_ = f"Annotated[{type_}, {extra}]"
    if parameter.required:
        return f"{name}: {type_},"
    # Neither Prefect nor the runtime changes a default.
    changeable = isinstance(parameter.default, (LiteralList, LiteralDict))
    comment = "  # noqa: B006" if changeable else ""
    return f"{name}: {type_} = {literal(parameter.default)},{comment}"


def _type(parameter: ParameterModel) -> str:
    type_ = _plain_type(parameter)
    for _ in range((parameter.arity != 1) + parameter.multiple):
        type_ = f"list[{type_}]"
    return type_


def _plain_type(parameter: ParameterModel) -> str:
    if parameter.is_flag and isinstance(parameter.flag_value, bool):
        return "bool"
    if parameter.choices:
        return f"Literal[{', '.join(text_literal(choice) for choice in parameter.choices)}]"
    return "str" if parameter.kind == "file" else TYPES.get(parameter.kind, "Any")


def _extra_facts(name: str, parameter: ParameterModel) -> str:
    """Write what the argument's name, type and description do not say of the parameter."""
    type_ = _plain_type(parameter)
    kind = "str" if type_.startswith("Literal") else KINDS.get(type_, "json")
    read = Parameter(name=name, kind=kind, help=_one_line(parameter.help))
    entries = [
        f'"{field.name}": {literal(getattr(parameter, field.name))}'
        for field in fields(Parameter)
        if field.name not in ELSEWHERE
        and getattr(parameter, field.name) != getattr(read, field.name)
    ]
    return f"{{{', '.join(entries)}}}" if entries else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
