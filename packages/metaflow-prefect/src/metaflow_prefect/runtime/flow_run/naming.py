"""What a Prefect flow run is called, its tags, and Prefect's pages of it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from string import Formatter
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import PrefectException
from prefect.utilities.urls import url_for

from ..facts import RUN_PREFIX, Parameter
from .markdown import one_line
from .states import stopped_state

TAG = "metaflow"
RESUMED_TAG = "resumed-from:"
NAME_VARIABLE = "METAFLOW_PREFECT_RUN_NAME"
NAME_PARTS = ("flow", "parameters", "time")
LONGEST_NAME = 100  # characters of a flow run's name
LONGEST_NAMED_VALUE = 24
GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"),
    *("iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi"),
    *("rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
PARTS = (
    *("adjunct", "anomaly", "band", "boundary", "cloud", "cluster", "collapse"),
    *("conflux", "expanse", "field", "fringe", "instability", "manifold", "mass"),
    *("nebula", "point", "quadrant", "reach", "ring", "sector", "shift", "tensor"),
    *("terminus", "vector", "void", "warp"),
)
FORM_NAME = re.compile(
    rf"({'|'.join(GREEK)})(\d{{1,3}}-[a-z][a-z -]*|-[a-z-]+-({'|'.join(PARTS)}))$"
)
LEFT = (
    StateType.SCHEDULED,
    StateType.PENDING,
    StateType.RUNNING,
    StateType.PAUSED,
    StateType.CANCELLING,
)


def quietly() -> suppress:
    """Leave it at that if Prefect's server does not answer, which must fail no run."""
    import httpx

    return suppress(httpx.HTTPError, PrefectException)


def run_name_template(parameters: Iterable[Parameter]) -> str:
    """Return how flow runs are named that nobody has named.

    Args:
        parameters: The flow's parameters.

    Raises:
        ValueError: The setting makes no sense; the message says what to do.
    """
    template = os.environ.get(NAME_VARIABLE, "").strip()
    known = {*NAME_PARTS, *(parameter.name for parameter in parameters)}
    try:
        fields = list(Formatter().parse(template))
    except ValueError as wrong:
        raise ValueError(f"{NAME_VARIABLE} is {template!r}: {wrong}.") from None
    for _, name, form, conversion in fields:
        if name is not None and (name not in known or form or conversion):
            parts = ", ".join(f"{{{part}}}" for part in NAME_PARTS)
            raise ValueError(
                f"{NAME_VARIABLE} is {template!r}. In braces it may have the names of "
                f"parameters, and {parts}."
            )
    return template


def run_name(
    flow: str,
    given: Mapping[str, Any],
    now: datetime,
    template: str = "",
    effective: Mapping[str, Any] | None = None,
) -> str:
    """Return the name of a flow run: its flow, and what it was given or when it began.

    Args:
        flow: The name of the flow.
        given: The parameters that were given for this run.
        now: When it began.
        template: Another form of it.
        effective: All parameters as they took effect.
    """
    values = {name: _short(value) for name, value in (effective or {}).items()}
    words = [f"{name}={_short(value)}" for name, value in given.items()]
    values |= {
        "flow": flow,
        "parameters": " ".join(words),
        "time": f"{now:%Y-%m-%d %H:%M:%S}",
    }
    default = "{flow} {parameters}" if words else "{flow} {time}"
    return one_line((template or default).format_map(values), LONGEST_NAME)


def _short(value: Any) -> str:
    return one_line(value_text(value), LONGEST_NAMED_VALUE)


def value_text(value: Any) -> str:
    """Return a parameter's value as text."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def has_given_name(name: str) -> bool:
    """Return whether somebody has chosen the name.

    Otherwise Prefect's server has made it of two words, or its form of the name of a
    star, such as `theta654-hondo` or `gamma-ledos-anomaly`. One in fourteen of the
    latter is `gamma-ledos` or `gamma-ledos-a`, as somebody may have chosen it.
    """
    from coolname.data import config

    if FORM_NAME.match(name):
        return False
    known: set[str] = set()
    lists: Mapping[str, Any] = config
    for entry in lists.values():
        known.update(entry.get("words", ()))
    words = name.split("-")
    return len(words) != 2 or not known.issuperset(words)


def describe_run(
    client: Any,
    flow_run: FlowRun,
    parameters: Sequence[Parameter],
    given: Mapping[str, Any],
    started: Mapping[str, Any],
) -> None:
    """Give a flow run its name and tags, and the parameters as they took effect.

    Args:
        client: Prefect's client.
        flow_run: The flow run.
        parameters: The flow's parameters.
        given: The parameters that were given, by their names in Metaflow.
        started: What Metaflow says of the run: its flow, its parameters as they took
            effect, and the run that it resumes.
    """
    origin, effective = started["origin"], started["parameters"]
    tags = {*flow_run.tags, TAG, *([f"{RESUMED_TAG}{origin}"] if origin else [])}
    changes: dict[str, Any] = {"tags": sorted(tags)}
    if flow_run.run_count <= 1:
        if not has_given_name(flow_run.name):
            now = datetime.now().astimezone()
            template = run_name_template(parameters)
            changes["name"] = run_name(started["flow"], given, now, template, effective)
        values = dict(flow_run.parameters)
        for parameter in parameters:
            if parameter.kind != "other" and values.get(parameter.argument) is None:
                values[parameter.argument] = effective.get(parameter.name)
        changes["parameters"] = values
    with quietly():
        client.update_flow_run(flow_run.id, **changes)
        flow_run.name = changes.get("name", flow_run.name)


def flow_run_page(flow_run_id: UUID) -> str | None:
    """Return the URL of Prefect's page of a flow run, where there is one."""
    return url_for("flow-run", obj_id=flow_run_id)


def end_what_was_left(client: Any, flow_run_ids: Iterable[UUID]) -> None:
    """End task runs that a process which was killed could not end itself.

    Args:
        client: Prefect's client.
        flow_run_ids: The flow runs that they belong to, none of them still running.
    """
    of_runs = FlowRunFilter(id=FlowRunFilterId(any_=list(flow_run_ids)))
    in_states = TaskRunFilterState(type=TaskRunFilterStateType(any_=list(LEFT)))
    chosen = TaskRunFilter(state=in_states)
    state = stopped_state("the process of its run was ended")
    ended: set[UUID] = set()
    with quietly():
        while True:  # the server gives some of them at a time
            found = client.read_task_runs(
                flow_run_filter=of_runs, task_run_filter=chosen
            )
            left = {task_run.id for task_run in found} - ended
            if not left:
                return
            for task_run_id in left:
                client.set_task_run_state(task_run_id, state, force=True)
            ended |= left


def flow_run_of(run_id: str) -> UUID | None:
    """Return the flow run that has made a Metaflow run, if one has."""
    try:
        return UUID(run_id.removeprefix(RUN_PREFIX))
    except ValueError:
        return None


def open_client() -> Any:
    """Return Prefect's client, to be used in a `with` block."""
    return get_client(sync_client=True)
