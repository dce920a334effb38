"""What Metaflow says of a flow that it has loaded: its graph and its parameters."""

from __future__ import annotations

import importlib
from typing import Any

from ..facts import Parameter, ParameterKind, StepKind

STEP_KINDS: dict[str, StepKind] = {
    "start": "linear",
    "linear": "linear",
    "split": "split",
    "foreach": "foreach",
    "split-switch": "switch",
    "join": "join",
    "end": "end",
}


def facts_of_step(node: Any) -> dict[str, Any]:
    """Return how a step goes on, by the names of `Step`'s fields.

    Args:
        node: The step's node in Metaflow's graph.
    """
    return {
        "kind": STEP_KINDS[node.type],
        "next": tuple(node.out_funcs),
        "closes": node.split_parents[-1] if node.type == "join" else None,
    }


def parameters_of_flow(flow: Any) -> list[tuple[Any, Parameter]]:
    """Return the parameters of a flow that are no configs, each with what it says.

    They come in the order of their definition, the required ones first, as a form
    shows them.

    Args:
        flow: An instance of a `FlowSpec`, its parameters initialised.
    """
    names = [name for cls in reversed(type(flow).__mro__) for name in vars(cls)]
    order = {name: place for place, name in enumerate(names)}
    found = [
        (parameter, parameter_facts(parameter))
        for name, parameter in sorted(
            flow._get_parameters(), key=lambda pair: order.get(pair[0], len(order))
        )
        if not parameter.IS_CONFIG_PARAMETER
    ]
    return sorted(found, key=lambda pair: not pair[1].required)


def parameter_facts(parameter: Any) -> Parameter:
    """Return what a parameter says, apart from its default.

    Args:
        parameter: Metaflow's parameter.
    """
    click = _module("metaflow._vendor.click")
    settings = parameter.kwargs
    choices: tuple[Any, ...] = ()
    if isinstance(settings.get("type"), click.Choice):
        choices = tuple(settings["type"].choices)
    # What click makes of it: a flag's value depends on its default, and on its type.
    option = click.Option([f"--{parameter.name}"], **settings)
    plain = isinstance(getattr(option, "flag_value", None), (bool, int, float, str))
    return Parameter(
        name=parameter.name,
        kind=_parameter_kind(settings.get("type")),
        required=bool(settings.get("required")) and settings.get("default") is None,
        help=str(settings.get("help") or ""),
        choices=tuple(str(choice) for choice in choices),
        multiple=bool(settings.get("multiple")),
        is_flag=option.is_flag,
        flag_value=option.flag_value if option.is_flag and plain else True,
        arity=settings.get("nargs") or 1,
        is_counter=bool(settings.get("count")),
    )


def _parameter_kind(parameter_type: Any) -> ParameterKind:
    click = _module("metaflow._vendor.click")
    kinds: tuple[tuple[ParameterKind, tuple[Any, ...]], ...] = (
        ("int", (int, click.INT)),
        ("float", (float, click.FLOAT)),
        ("bool", (bool, click.BOOL)),
        ("str", (str, click.STRING)),
    )
    if isinstance(parameter_type, _module("metaflow.parameters").JSONTypeClass):
        return "json"
    if isinstance(parameter_type, _module("metaflow.includefile").FilePathClass):
        return "file"
    if isinstance(parameter_type, click.Choice):
        return "str"
    for kind, types in kinds:
        if any(parameter_type is plain for plain in types):
            return kind
    return "other"


def _module(name: str) -> Any:
    """Import a module of Metaflow, of whose types a strict mypy knows nothing."""
    return importlib.import_module(name)


def shape_of(flow: Any) -> dict[str, Any]:
    """Return what a generated file must know of a flow: it is older if it differs.

    Args:
        flow: An instance of a `FlowSpec`, its parameters initialised.
    """
    graph = flow._graph
    return {
        "steps": {name: facts_of_step(graph[name]) for name in graph.sorted_nodes},
        "parameters": {
            facts.name: facts.interface() for _, facts in parameters_of_flow(flow)
        },
    }
