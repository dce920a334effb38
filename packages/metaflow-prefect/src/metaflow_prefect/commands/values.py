"""Values of a flow's parameters, from Metaflow's command line to what Prefect takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from metaflow._vendor import click
from metaflow.parameters import DelayedEvaluationParameter

from metaflow_prefect.errors import UsageProblem
from metaflow_prefect.generate.names import argument_names
from metaflow_prefect.runtime.facts import is_unicode


def prefect_values(flow: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as Prefect takes them.

    Args:
        flow: An instance of a `FlowSpec`.
        given: Values of its parameters, as Metaflow's command line has read them, by the names
            of the parameters.

    Returns:
        The values as JSON has them, by the names of the flow function's arguments.
    """
    arguments = argument_names(name for name in parameters_of(flow))
    return {arguments[name]: _plain(value) for name, value in given.items()}


def named_values(flow: Any, texts: Mapping[str, str]) -> dict[str, Any]:
    """Read parameters that are written as texts, and return them as Prefect takes them.

    Args:
        flow: An instance of a `FlowSpec`.
        texts: The texts by the names of the parameters.

    Raises:
        UsageProblem: A parameter is not one of the flow's, or a text is no value of it.
    """
    known = parameters_of(flow)
    given = {}
    for name, text in texts.items():
        if name not in known:
            raise UsageProblem(
                f"{flow.name} has no parameter {name}; those it has: {', '.join(known) or 'none'}.",
                "Correct the name.",
            )
        option = click.Option((f"--{name}",), **known[name].option_kwargs(False))
        kind = click.BOOL if option.is_flag else option.type
        try:
            given[name] = kind.convert(text, option, click.get_current_context())
        except click.BadParameter as error:
            raise UsageProblem(
                f"--parameter {name}: {error.format_message().rstrip('.')}.", "Correct the value."
            ) from error
        if not is_unicode(given[name]):
            raise UsageProblem(
                f"--parameter {name}: it is not UTF-8; Prefect keeps no other text.",
                "Correct the value.",
            )
        if option.multiple:
            given[name] = [given[name]]
    return prefect_values(flow, given)


def parameters_of(flow: Any) -> dict[str, Any]:
    """Return the parameters of a flow by their names, without its configs.

    Args:
        flow: An instance of a `FlowSpec`.
    """
    found: Iterable[Any] = (parameter for _, parameter in flow._get_parameters())  # noqa: SLF001
    return {one.name: one for one in found if not one.IS_CONFIG_PARAMETER}


def _plain(value: Any) -> Any:
    if isinstance(value, DelayedEvaluationParameter):
        return value(return_str=True)  # a file, which is in the datastore now
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return (
        value if value is None or isinstance(value, (bool, int, float, str, dict)) else str(value)
    )
