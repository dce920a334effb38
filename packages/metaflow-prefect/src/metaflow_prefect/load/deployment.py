"""From a flow's decorators to what they say of its deployment, in Metaflow's own terms."""

from __future__ import annotations

from typing import Any

from metaflow import current
from metaflow.exception import MetaflowException

from metaflow_prefect.errors import FlowProblem
from metaflow_prefect.model import DeploymentFacts, Event, Upstream


def load_deployment(flow: Any) -> DeploymentFacts:
    """Read what a flow's decorators say of its deployment.

    Names that functions give are asked for now: this is Metaflow's deploy time.

    Args:
        flow: An instance of a `FlowSpec`, its decorators initialised.

    Returns:
        The facts.

    Raises:
        FlowProblem: A decorator, or a function that it was given, makes no sense.
    """
    schedule = _decorator(flow, "schedule")
    return DeploymentFacts(
        cron=schedule.schedule if schedule else None,
        timezone=schedule.timezone if schedule and schedule.schedule else None,
        events=_events(_evaluated(flow, "trigger")),
        upstream=_upstream(_evaluated(flow, "trigger_on_finish")),
        project=current.get("project_name"),
        branch=current.get("branch_name"),
        is_personal=bool(current.get("is_user_branch")),
    )


def _decorator(flow: Any, name: str) -> Any:
    return next(iter(flow._flow_decorators.get(name, ())), None)


def _evaluated(flow: Any, name: str) -> list[dict[str, Any]]:
    decorator = _decorator(flow, name)
    if decorator is None:
        return []
    try:
        decorator.format_deploytime_value()
    except MetaflowException as error:
        raise FlowProblem(f"@{name}: {error.message}") from error
    except Exception as error:  # what the user's function raises
        text = f"{type(error).__name__}: {error}"
        raise FlowProblem(f"A function given to @{name} raised {text}. Correct it.") from error
    if decorator.options:
        raise FlowProblem(
            f"@{name} has the options {', '.join(sorted(decorator.options))}, which Prefect's "
            "automations cannot express. Remove them."
        )
    triggers: list[dict[str, Any]] = decorator.triggers
    return triggers


def _events(triggers: list[dict[str, Any]]) -> tuple[Event, ...]:
    return tuple(
        Event(name=str(one["name"]), parameters=tuple(one.get("parameters", {}).items()))
        for one in triggers
    )


def _upstream(triggers: list[dict[str, Any]]) -> tuple[Upstream, ...]:
    return tuple(
        Upstream(flow=one["flow"], project=one.get("project"), branch=one.get("branch"))
        for one in triggers
    )
