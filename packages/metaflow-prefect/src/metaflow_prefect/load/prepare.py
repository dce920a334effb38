"""Prepare a flow as Metaflow's command line does before it runs a command."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from metaflow import cli, current, decorators, parameters
from metaflow._vendor import click
from metaflow.flowspec import FlowStateItems
from metaflow.metaflow_config import DEFAULT_DATASTORE, DEFAULT_DECOSPECS, DEFAULT_ENVIRONMENT
from metaflow.metaflow_environment import MetaflowEnvironment
from metaflow.system_context import _phase_from_cli_args, system_context
from metaflow.user_configs.config_options import config_options_with_config_input
from metaflow.user_configs.config_parameters import ConfigValue
from metaflow.util import get_username

from metaflow_prefect.load.configs import ConfigFiles
from metaflow_prefect.load.options import explicit_options
from metaflow_prefect.load.step_problems import StepProblems

COMMAND = ("prefect", "create")
ENVIRONMENTS = {"conda": "conda", "conda_base": "conda", "pypi": "pypi", "pypi_base": "pypi"}
ANY_USER = "mfp"


class _Environment(MetaflowEnvironment):  # type: ignore[misc]
    """Passes for any environment, and makes none."""

    def __getattr__(self, name: str) -> Any:
        """Have whatever an environment of its own kind has, doing nothing."""
        if name[:2] == "__":
            raise AttributeError(name)
        return _quiet


def prepare(
    flow_class: type[Any],
    options: Sequence[str],
    configs: Iterable[tuple[str, str]],
    config_values: Iterable[tuple[str, str]],
) -> tuple[Any, tuple[str, ...]]:
    """Resolve a flow's configs, apply its mutators and initialise its decorators.

    Nothing of what the flow needs when it runs has to be there: no virtual environment, no
    datastore, no metadata service and no user name.

    Args:
        flow_class: The flow.
        options: Metaflow's top-level options, as words.
        configs: Files of configs by the configs' names; only those that the flow has count.
        config_values: Values of configs, likewise.

    Returns:
        The flow, and the options with those added that its decorators demand.

    Raises:
        MetaflowException: If Metaflow does not accept the flow.
        ClickException: If it does not accept the options or configs.
    """
    if get_username() is None:
        os.environ["METAFLOW_USER"] = ANY_USER
    ConfigFiles.look_beside_flow()
    with parameters.flow_context(flow_class):
        flow = flow_class(use_cli=False)
        words = _config_words(flow_class, configs, config_values)
        context = _parsed(flow, (*options, *words))
        system_context._update(phase=_phase_from_cli_args(list(COMMAND)))
        for mutator in flow._flow_mutators:
            mutator.external_init()
        configs = context.params.get("config") or context.params.get("config_value")
        mutated = flow._process_config_decorators(configs)
        if mutated:
            flow = mutated(use_cli=False)
        demanded = _demanded(flow, context.params)
        _initialise(flow, context.params, dict(demanded))
        chosen = [*options, *(f"--{name}={value}" for name, value in demanded)]
        return flow, explicit_options(context, chosen)


def config_values(flow: Any) -> dict[str, Any]:
    """Give the values of a flow's configs.

    Args:
        flow: The flow, prepared.
    """
    found = type(flow)._flow_state[FlowStateItems.CONFIGS]
    return {name: value for name, (value, _) in found.items()}


def values_that_decide(flow: Any) -> Iterator[tuple[str, Any]]:
    """Give what decides how a flow's generated file looks, but for configs.

    Args:
        flow: An instance, before Metaflow evaluates its parameters.

    Yields:
        What a value is of, and the value.
    """
    for name, parameter in flow._get_parameters():
        yield f"the parameter {name}", vars(parameter)
    for step in flow:
        for decorator in step.decorators:
            if decorator.name in ("retry", "catch"):
                yield f"@{decorator.name} of the step {step.__name__}", decorator.attributes


def values_that_deploy(flow: Any) -> Iterator[tuple[str, Any]]:
    """Give what decides when a flow's deployment runs.

    Args:
        flow: An instance, its decorators initialised.

    Yields:
        What a value is of, and the value.
    """
    for name in ("schedule", "trigger", "trigger_on_finish"):
        for decorator in flow._flow_decorators.get(name, ()):
            yield f"@{name}", decorator.attributes


def config_files(flow: Any) -> dict[str, str | None]:
    """Name a flow's configs, each with the file beside the flow that was taken for it, if any.

    Args:
        flow: The flow, prepared.
    """
    return {name: ConfigFiles.taken.get(name) for name in _config_names(flow)}


def _config_names(flow: Any) -> list[str]:
    return [one.name for _, one in flow._get_parameters() if one.IS_CONFIG_PARAMETER]


def _config_words(
    flow_class: Any, files: Iterable[tuple[str, str]], values: Iterable[tuple[str, str]]
) -> Iterator[str]:
    """Give the options for the configs that the flow has."""
    names = _config_names(flow_class)
    for option, given in (("--config", files), ("--config-value", values)):
        for name, value in given:
            if name in names:
                yield from (option, name, value)


def _parsed(flow: Any, options: tuple[str, ...]) -> Any:
    command = click.Command("start", params=list(cli.start.params))
    command, _ = config_options_with_config_input(decorators.add_decorator_options(command))
    state = cli.CliState(flow)
    context = command.make_context("start", list(options), obj=state, auto_envvar_prefix="METAFLOW")
    delayed = getattr(state, "delayed_config_exception", None)
    if delayed is not None:
        raise delayed
    return context


def _demanded(flow: Any, params: dict[str, Any]) -> list[tuple[str, str]]:
    """Give the options without which Metaflow would refuse the flow's decorators."""
    names = {deco.name for step in flow for deco in step.decorators if not _disabled(deco)}
    names |= set(flow._flow_decorators)
    demanded = []
    environments = {ENVIRONMENTS[name] for name in names & set(ENVIRONMENTS)}
    if environments and params["environment"] == DEFAULT_ENVIRONMENT == "local":
        demanded.append(("environment", min(environments)))
    if "batch" in names and params["datastore"] == DEFAULT_DATASTORE == "local":
        demanded.append(("datastore", "s3"))
    return demanded


def _disabled(decorator: Any) -> bool:
    return bool(decorator.attributes.get("disabled"))


def _initialise(flow: Any, params: dict[str, Any], demanded: dict[str, str]) -> None:
    environment = _Environment(flow)
    environment.TYPE = demanded.get("environment", params["environment"])
    stored = demanded.get("datastore", params["datastore"])
    store = SimpleNamespace(TYPE="s3" if stored == "local" and _remote(flow) else stored)
    metadata = SimpleNamespace(add_sticky_tags=_quiet)
    system_context._update(
        flow=flow,
        graph=flow._graph,
        environment=environment,
        flow_datastore=store,
        metadata=metadata,
        logger=_quiet,
    )
    decorators._init_flow_decorators(
        flow, flow._graph, environment, store, metadata, _quiet, _quiet, params, False, False
    )
    current._set_env(flow=flow, is_running=False)
    configs = type(flow)._flow_state[FlowStateItems.CONFIGS].items()
    parameters.set_parameter_context(
        flow.name,
        _quiet,
        store,
        {
            name: value if plain or value is None else ConfigValue(value)
            for name, (value, plain) in configs
        },
    )
    attached = [*(params["decospecs"] or ()), *DEFAULT_DECOSPECS.split()]
    if attached:
        decorators._attach_decorators(flow, attached)
        type(flow)._init_graph()
    StepProblems.record()
    decorators._init_step_decorators(flow, flow._graph, environment, store, _quiet, False, False)


def _remote(flow: Any) -> bool:
    return any(deco.name == "kubernetes" for step in flow for deco in step.decorators)


def _quiet(*_: object, **__: object) -> None:
    """Say nothing: what Metaflow would print about a run is of no use here."""
