"""What a flow is, with no Metaflow and no Prefect in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, Union

from metaflow_prefect.runtime.facts import Parameter, Step

# Whether a generated file holds what runs it, or imports that from this package.
Runtime: TypeAlias = Literal["embedded", "installed"]
RUNTIMES: tuple[Runtime, ...] = ("embedded", "installed")
Literals = Union[None, bool, int, float, str, tuple["Literals", ...], "LiteralList", "LiteralDict"]


@dataclass(frozen=True)
class LiteralList:
    """A list among a flow's defaults."""

    entries: tuple[Literals, ...]


@dataclass(frozen=True)
class LiteralDict:
    """A dictionary among a flow's defaults, in its order."""

    items: tuple[tuple[Literals, Literals], ...]


@dataclass(frozen=True, kw_only=True)
class ParameterModel(Parameter):
    """A parameter of a flow, with its default.

    Args:
        default: Its default; `None` where it has none, or where only a run can know it.
    """

    default: Literals = None


@dataclass(frozen=True, kw_only=True)
class TaskModel:
    """The Prefect task that stands for a step: the `task` of its `Step`.

    Args:
        name: The step's name.
        description: Its docstring.
        user_retries: How often its code is tried again.
        error_retries: How often its fallback is tried after that.
        retry_delay: Seconds between attempts.
        tags: Tags of its task runs.
    """

    name: str
    description: str = ""
    user_retries: int = 0
    error_retries: int = 0
    retry_delay: float = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FlowModel:
    """A flow.

    Args:
        name: The name of its class.
        description: Its docstring.
        start: The name of its first step.
        steps: Its steps in topological order, each with a `TaskModel`.
        parameters: Its parameters in the order of their definition.
        options: Metaflow's top-level options that it is to run with.
        run_options: Options of Metaflow's `run` command likewise.
        configs: The values of its configs: each a name and a list of the value and of
            whether Metaflow takes it as it is.
    """

    name: str
    description: str
    start: str
    steps: tuple[Step, ...]
    parameters: tuple[ParameterModel, ...] = ()
    options: tuple[str, ...] = ()
    run_options: tuple[str, ...] = ()
    configs: LiteralDict = LiteralDict(())


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event that `@trigger` names.

    Args:
        name: Its name.
        parameters: Which parameter takes which key of its payload.
    """

    name: str
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """A flow that `@trigger_on_finish` names.

    Args:
        flow: Its name.
        project: Its project, if it is named.
        branch: The branch of the project, if it is named.
    """

    flow: str
    project: str | None = None
    branch: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeploymentFacts:
    """What a flow's decorators say of its deployment.

    Args:
        cron: When it runs, as Metaflow writes it.
        timezone: The time zone of that; `None` is UTC.
        events: The events that all have to happen for it to run.
        upstream: The flows that all have to finish for it to run.
        project: Its project.
        branch: The branch of its project, as `prod` or `user.ada`.
        is_personal: Whether the branch is that of the user at hand, for want of another.
    """

    cron: str | None = None
    timezone: str | None = None
    events: tuple[Event, ...] = ()
    upstream: tuple[Upstream, ...] = ()
    project: str | None = None
    branch: str | None = None
    is_personal: bool = False
