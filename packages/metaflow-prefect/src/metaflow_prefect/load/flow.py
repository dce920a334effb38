"""From a FlowSpec to the model: what a flow is, in Metaflow's own terms."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from types import SimpleNamespace
from typing import Any

from metaflow._vendor import click
from metaflow.flowspec import FlowStateItems

from metaflow_prefect.load.problems import problems_of, refuse
from metaflow_prefect.model import (
    FlowModel,
    LiteralDict,
    LiteralList,
    Literals,
    ParameterModel,
    TaskModel,
)
from metaflow_prefect.runtime.facts import Parameter, Step
from metaflow_prefect.runtime.host.flow_facts import facts_of_step, parameters_of_flow
from metaflow_prefect.runtime.host.outcome import attempt_facts


def load_flow(
    flow: Any,
    *,
    options: Iterable[str] = (),
    run_options: Iterable[str] = (),
    concurrency_tags: Iterable[str] = (),
    written_only: bool = False,
) -> FlowModel:
    """Read a flow.

    Args:
        flow: An instance of a `FlowSpec`, decorators attached and configs resolved.
        options: Metaflow's top-level options that it is to run with.
        run_options: Options of Metaflow's `run` command likewise.
        concurrency_tags: Resources, such as "gpu": each is a tag of its own of the steps that
            ask for it.
        written_only: Whether only decorators count that are in the source, and not what
            `--with` adds.

    Returns:
        The model.

    Raises:
        FlowProblem: Metaflow itself would not run the flow; the message says why.
    """
    options = tuple(options)
    limited = frozenset(concurrency_tags)
    graph = flow._graph
    refuse(flow.name, problems_of(flow, options))
    return FlowModel(
        name=flow.name,
        description=inspect.cleandoc(type(flow).__doc__ or ""),
        start=graph.start_step,
        steps=tuple(_step(graph[name], limited, written_only) for name in graph.sorted_nodes),
        parameters=tuple(
            _parameter(parameter, facts) for parameter, facts in parameters_of_flow(flow)
        ),
        options=options,
        run_options=tuple(run_options),
        configs=_configs(flow),
    )


def _step(node: Any, limited: frozenset[str], written_only: bool) -> Step:
    decorators = [one for one in node.decorators if one.statically_defined or not written_only]
    attempts = attempt_facts(SimpleNamespace(decorators=decorators))
    user = int(attempts["user_retries"])
    task = TaskModel(
        name=node.name,
        description=inspect.cleandoc(node.doc or ""),
        user_retries=user,
        error_retries=int(attempts["error_retries"]),
        retry_delay=attempts["delay"] if user else 0,
        tags=tuple(_resource_tags(decorators, limited)),
    )
    return Step(task, **facts_of_step(node))


def _resource_tags(decorators: Iterable[Any], limited: frozenset[str]) -> Iterator[str]:
    """Name what a step asks for with `@resources`, apart from what it would get anyway."""
    for decorator in decorators:
        if decorator.name != "resources":
            continue
        for name, value in sorted(decorator.attributes.items()):
            if value in (None, 0, "0") or str(value) == str(decorator.defaults.get(name)):
                continue
            yield f"{name}={value}"
            if name in limited:
                yield name


def _configs(flow: Any) -> LiteralDict:
    """Return the configs' values, in the form in which Metaflow hands them to its steps."""
    found = flow._flow_state[FlowStateItems.CONFIGS]
    plain = json.loads(json.dumps({name: list(entry) for name, entry in found.items()}))
    return LiteralDict(tuple((name, literal_of(plain[name])) for name in sorted(plain)))


def _parameter(parameter: Any, facts: Parameter) -> ParameterModel:
    settings = parameter.kwargs
    default = settings.get("default")
    if facts.kind == "json" and isinstance(default, str):
        default = _json_or_none(default)
    if callable(default) or facts.kind == "file":
        default = None
    # what click makes of it: a flag's value depends on its default, and on its type
    option = click.Option([f"--{parameter.name}"], **settings)
    if option.is_flag and not option.is_bool_flag:
        default = option.flag_value if option.default else None
    elif option.is_flag and not callable(option.default):
        default = option.default
    told = {**vars(facts), "help": _help(facts, settings.get("default"))}
    return ParameterModel(**told, default=literal_of(default))


def _help(facts: Parameter, default: Any) -> str:
    """Return the help text, with what nobody would know who sees a form only."""
    notes = []
    if facts.kind == "file":
        notes.append("path of a file")
        default = default and default.user_print_representation  # a path, a function, or none
    if callable(default):
        notes.append("by default computed when a run starts")
    elif facts.kind == "file" and default:
        notes.append(f"by default {PurePath(default).name}")
    said = [facts.help, *[f"({'; '.join(notes)})"] * bool(notes)]
    return " ".join(filter(None, said))


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def literal_of(value: Any) -> Literals:
    """Return a value as a literal of the model; `None` if it has no exact literal.

    Such a default is left to Metaflow, which knows it when the run starts.
    """
    try:
        return _literal(value)
    except TypeError:
        return None


def _literal(value: Any) -> Literals:
    if value is None or type(value) in (bool, int, str):
        return value  # type: ignore[no-any-return]
    if type(value) is float and not math.isnan(value):
        return value
    if type(value) is list:
        return LiteralList(tuple(_literal(entry) for entry in value))
    if type(value) is dict:
        return LiteralDict(tuple((_literal(k), _literal(v)) for k, v in value.items()))
    raise TypeError
