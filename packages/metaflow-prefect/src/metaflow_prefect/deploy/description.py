"""What a flow's deployment is like: from what its decorators say to what Prefect takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from metaflow_prefect.deploy.cron import five_fields
from metaflow_prefect.deploy.defaults import deployment_parameters
from metaflow_prefect.errors import FlowProblem, UsageProblem
from metaflow_prefect.generate.names import argument_names, function_name
from metaflow_prefect.model import DeploymentFacts, Event, FlowModel, Upstream

Json: TypeAlias = dict[str, Any]

# Prefect's own name for a deployment that has no other.
DEFAULT_NAME = "default"
BANNED = "/%&<>"  # in Prefect's names
# By it our schedule is known among those that a user has added to a deployment. Prefect's pages
# show it as the schedule's name, and as what has created its runs. It stays the same when the times
# change: `prefect deploy` would leave the one of another name there, and both would start runs.
SCHEDULE_SLUG = "metaflow-schedule-decorator"
EARLIER_SLUG = "metaflow"  # of version 0.4.0
TRIGGER_NAMES = "metaflow: "  # how the names of our automations begin
NO_SERVER = "There is no Prefect server to deploy to: PREFECT_API_URL is not set."
SET_SERVER = (
    "Start one by `prefect server start`, and set PREFECT_API_URL, as to http://127.0.0.1:4200/api."
)
LISTS = ("tags", "triggers", "files", "events", "upstream")  # of a description
UTC = "UTC"  # in which Metaflow's schedules are, without a time zone
EVENT_NAME = re.compile(r"[A-Za-z0-9_.-]+")
PAYLOAD_KEY = re.compile(r"[A-Za-z0-9_]+")
# Only what a payload has is passed on, so that other parameters keep their defaults. `events`
# are those that set the automation off.
PAYLOAD = "(events | selectattr('event', 'equalto', name) | list | last).payload"
PARAMETERS = f"""{{ {{% for argument, name, key in MAPPING if key in {PAYLOAD} -%}}
{{{{ ', ' if not loop.first }}}}{{{{ argument | tojson }}}}: {{{{ {PAYLOAD}[key] | tojson }}}}
{{%- endfor %}} }}"""


@dataclass(frozen=True, kw_only=True)
class Production:
    """The token of a deployment, and whose the deployment is.

    Args:
        token: The token.
        owner: The user who made it last, if known.
    """

    token: str
    owner: str | None


@dataclass(frozen=True, kw_only=True)
class Description:
    """A deployment, as far as its flow alone says what it is.

    Args:
        flow: The flow's name.
        function: The name of the generated file's flow function.
        name: Its own name, unless the user gives another.
        tags: Its tags.
        cron: When it runs, in Prefect's five fields; `None` if only on demand.
        timezone: The time zone of that.
        triggers: What else starts it, in Prefect's own form, still without names.
        token: The production token that it has when it is first made; empty for none.
        parameters: The parameters' defaults, by the names of the function's arguments.
        project: Its project, if it has one.
        branch: The branch of the project, unless it is the user's at hand.
        renamed: Parameters whose names differ in Prefect, by their names in Metaflow.
        files: Parameters whose values are files.
        events: The events of `@trigger`.
        upstream: The flows of `@trigger_on_finish`.
    """

    flow: str
    function: str
    name: str
    tags: tuple[str, ...] = ()
    cron: str | None = None
    timezone: str = UTC
    triggers: tuple[Json, ...] = ()
    token: str = ""
    parameters: Json = field(default_factory=dict)
    project: str | None = None
    branch: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()

    def as_json(self) -> Json:
        """Give it as JSON has it."""
        return {**asdict(self), **{name: [*getattr(self, name)] for name in LISTS}}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Description:
        """Take it from what `as_json` gave."""
        listed = {name: tuple(found[name]) for name in LISTS}
        return cls(**{**found, **listed})


def unset_warning(full: str, parameters: Sequence[str], remedy: str) -> str:
    """Say that a schedule is in vain; Argo refuses it, as nothing there could give the values.

    Args:
        full: The full name of the deployment.
        parameters: The parameters that have no value.
        remedy: What to do, in a sentence.
    """
    return (
        f"Warning: the scheduled runs of {full} will fail, as these parameters have no value: "
        f"{', '.join(parameters)}. {remedy}"
    )


def is_our_schedule(slug: object) -> bool:
    """Return whether a schedule is that of the flow's `@schedule`.

    One of an earlier version keeps its slug, as there would be two otherwise.

    Args:
        slug: The schedule's slug.
    """
    return slug in (SCHEDULE_SLUG, EARLIER_SLUG)


def describe(
    flow: FlowModel,
    facts: DeploymentFacts,
    *,
    tags: Iterable[str] = (),
    personal: bool = True,
) -> Description:
    """Turn what a flow's decorators say into a deployment of Prefect.

    Args:
        flow: The flow.
        facts: What its decorators say.
        tags: The user's tags.
        personal: Whether a branch of the user at hand counts. Where many share a
            deployment, it must not be one user's.

    Returns:
        The deployment.

    Raises:
        FlowProblem: Prefect cannot express something of it; the message says all that.
    """
    branch = None if facts.is_personal and not personal else facts.branch
    own = [f"project:{facts.project}"] if facts.project else []
    own += [f"project_branch:{branch}"] if facts.project and branch else []
    problems: list[str] = []
    upstream = [_tried(problems, _finished, one, facts.project, branch) for one in facts.upstream]
    names = [_tried(problems, _checked, event.name) for event in facts.events]
    parameters = _tried(problems, _parameters, flow, facts.events) if facts.events else {}
    cron = _tried(problems, five_fields, facts.cron) if facts.cron else None
    timezone = _tried(problems, _timezone, facts.timezone)
    if problems:
        raise FlowProblem("\n".join(problems))
    triggers = [_together(upstream)] if upstream else []
    if names:
        together = _together([{"type": "event", "expect": [name]} for name in names])
        triggers.append(together | parameters)
    arguments = argument_names(parameter.name for parameter in flow.parameters)
    return Description(
        flow=flow.name,
        function=function_name(flow.name),
        name=".".join(filter(None, (facts.project, branch))) or DEFAULT_NAME,
        tags=tuple(dict.fromkeys([*tags, *own])),
        cron=cron,
        timezone=timezone,
        triggers=tuple(triggers),
        parameters=deployment_parameters(flow),
        project=facts.project,
        branch=branch,
        renamed={name: argument for name, argument in arguments.items() if name != argument},
        files=tuple(parameter.name for parameter in flow.parameters if parameter.kind == "file"),
        events=tuple(event.name for event in facts.events),
        upstream=tuple(one.flow for one in facts.upstream),
    )


def _tried(problems: list[str], make: Callable[..., Any], *arguments: Any) -> Any:
    """Make a part; note the problem if it cannot be made."""
    try:
        return make(*arguments)
    except FlowProblem as problem:
        problems.append(str(problem))
        return None


def full_name(flow: str, name: str) -> str:
    """Return the name by which Prefect knows a deployment.

    Args:
        flow: The flow's name.
        name: The deployment's own.
    """
    return f"{flow}/{name}"


def checked_name(name: str) -> str:
    """Return a deployment's name, if Prefect allows it.

    Args:
        name: The name.

    Raises:
        UsageProblem: Prefect does not allow it.
    """
    if not name.strip() or any(c in BANNED for c in name):
        raise UsageProblem(
            f"A deployment cannot be named {name!r}.",
            f"Use another name, without any of {' '.join(BANNED)}",
        )
    return name


def automation_names(deployment: str) -> str:
    """Return how the names of a deployment's automations begin.

    Args:
        deployment: The deployment's full name.
    """
    return f"{TRIGGER_NAMES}{deployment} when "


def named_triggers(triggers: Sequence[Json], deployment: str) -> list[Json]:
    """Give triggers the names of the automations that Prefect makes of them.

    Args:
        triggers: The triggers, each with what it says of itself.
        deployment: The deployment's full name.

    Returns:
        The triggers with their names, as `metaflow: Flow/default when OtherFlow completes`.
    """
    return [
        {"name": f"{automation_names(deployment)}{_occasion(trigger)}", **trigger}
        for trigger in triggers
    ]


def _occasion(trigger: Json) -> str:
    """Say in a few words when a trigger fires."""
    if trigger["type"] == "compound":
        return " and ".join(map(_occasion, trigger["triggers"]))
    for related in trigger.get("match_related", ()):
        if related.get("prefect.resource.role") == "flow":
            return f"{related['prefect.resource.name']} completes"
    return f"the event {trigger['expect'][0]} happens"


def _together(triggers: list[Json]) -> Json:
    if len(triggers) == 1:
        return triggers[0]
    return {"type": "compound", "require": "all", "triggers": triggers}


def _finished(upstream: Upstream, own_project: str | None, own_branch: str | None) -> Json:
    project = upstream.project or own_project
    branch = upstream.branch or own_branch
    if (upstream.project and not branch) or (upstream.branch and not project):
        raise FlowProblem(
            f"@trigger_on_finish names only a part of the project of {upstream.flow}. "
            "Give both project and project_branch, or use @project."
        )
    related: list[Json] = [
        {"prefect.resource.role": "flow", "prefect.resource.name": upstream.flow},
        # Not for what a developer runs by hand against the same server.
        {"prefect.resource.role": "deployment"},
    ]
    labels = ([f"project:{project}"] if project else []) + (
        [f"project_branch:{branch}"] if branch else []
    )
    related += [
        {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{label}"}
        for label in labels
    ]
    return {
        "type": "event",
        "expect": ["prefect.flow-run.Completed"],
        "match_related": related,
    }


def _checked(name: str) -> str:
    if EVENT_NAME.fullmatch(name) is None:
        raise FlowProblem(
            f"The event {name!r} of @trigger has another name than Metaflow allows. "
            "Use letters, digits, underscores, dashes and dots."
        )
    return name


def _parameters(flow: FlowModel, events: Sequence[Event]) -> Json:
    """Have Prefect take parameters out of the events' payloads, types and all."""
    arguments = argument_names(parameter.name for parameter in flow.parameters)
    # Metaflow's parameters are the same in upper and lower case to its schedulers.
    known = {name.lower(): name for name in arguments}
    mapping = []
    for event in events:
        for parameter, key in event.parameters:
            if parameter.lower() not in known:
                raise FlowProblem(
                    f"@trigger maps the event {event.name} to the parameter {parameter}, which "
                    "the flow does not have. Correct its name."
                )
            if PAYLOAD_KEY.fullmatch(key) is None:
                raise FlowProblem(
                    f"@trigger takes {key!r} from the event {event.name}, which Metaflow does not "
                    "allow. Use letters, digits and underscores."
                )
            mapping.append((arguments[known[parameter.lower()]], event.name, key))
    if len(events) == 1 and not events[0].parameters:
        # As Metaflow's own schedulers do where nothing is mapped.
        # A brace could be a placeholder to Prefect.
        mapping = [(arguments[name], events[0].name, name) for name in arguments if "{" not in name]
    taken = [argument for argument, _, _ in mapping]
    if len(set(taken)) < len(taken):
        raise FlowProblem("@trigger maps a parameter more than once. Map each only once.")
    if not mapping:
        return {}
    template = PARAMETERS.replace("MAPPING", ascii(mapping))
    kinds = {"__prefect_kind": "json", "value": {"__prefect_kind": "jinja", "template": template}}
    return {"parameters": kinds}


def _timezone(name: str | None) -> str:
    if name is None:
        return UTC
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FlowProblem(
            f"The time zone {name!r} of @schedule is not known. "
            "Use a name of the IANA database, as America/New_York."
        ) from error
