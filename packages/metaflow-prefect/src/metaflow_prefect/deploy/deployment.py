"""A deployment as it is to be, and how Prefect describes it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from metaflow_prefect.deploy.description import (
    SCHEDULE_SLUG,
    Description,
    Production,
    full_name,
    is_our_schedule,
    named_triggers,
)
from metaflow_prefect.deploy.errors import server_errors
from metaflow_prefect.deploy.form import form_of
from metaflow_prefect.deploy.notices import Notices
from metaflow_prefect.deploy.record import Record
from metaflow_prefect.errors import DeployProblem
from metaflow_prefect.runtime.flow_run.deployed import DEPLOYMENT_VARIABLE

# Metaflow's own variables. By the first it knows that a run is one of production.
TOKEN_VARIABLE = "METAFLOW_PRODUCTION_TOKEN"  # noqa: S105 - its name
OWNER_VARIABLE = "METAFLOW_OWNER"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment, with its place.

    Args:
        description: What its flow says of it.
        name: Its name, without the flow's.
        folder: Where the entrypoint is relative to, on this machine.
        entrypoint: The generated file and its function, as `flows/a_prefect.py:a`.
        pull: The pull steps by which a worker gets to the folder.
        work_pool: The work pool that its runs go to.
        version: What to call this state of it; `None` leaves that to Prefect.
        paused: Whether it starts paused; `None` leaves it as it is.
        production: Its production token; `None` is the one that it has, or else its first.
        record: What it keeps about itself; `None` is what the description says.
        environment: What else its runs' environment is to have.
        job_variables: Job variables beside the environment.
        settings: What the user says of it in Prefect's own terms, as `concurrency_limit`.
        scheduled: Whether its schedule is active; `None` leaves it as it is.
        notices: Who is notified when its runs end; `None` leaves that as it is.
    """

    description: Description
    name: str
    folder: Path
    entrypoint: str
    pull: Sequence[dict[str, Any]]
    work_pool: str
    version: str | None = None
    paused: bool | None = None
    production: Production | None = None
    record: Record | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    job_variables: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    scheduled: bool | None = None
    notices: Notices | None = None

    @property
    def full_name(self) -> str:
        """The name by which Prefect knows it: flow and deployment."""
        return full_name(self.description.flow, self.name)

    def as_json(self) -> dict[str, Any]:
        """Give it as it would be on the server, if it were made anew.

        Raises:
            DeployProblem: The generated file cannot be loaded.
        """
        schedule = schedule_of(self.description)
        with server_errors(""):
            facts = file_facts(self)
        return {
            "name": self.name,
            "flow_name": self.description.flow,
            "work_pool_name": self.work_pool,
            "paused": bool(self.paused),
            "schedules": [new_schedule(schedule, self.scheduled).model_dump(mode="json")]
            if schedule
            else [],
            "triggers": named_triggers(self.description.triggers, self.full_name),
            "job_variables": job_variables_of(self, {}),
            **facts,
            **self.settings,
        }


def environment_of(full_name: str, job_variables: dict[str, Any] | None) -> dict[str, Any]:
    """Return the environment among a deployment's job variables.

    Args:
        full_name: The deployment, as `FLOW/NAME`.
        job_variables: Its job variables on the server.

    Raises:
        DeployProblem: It is a template, to which nothing can be added.
    """
    variables = (job_variables or {}).get("env")
    if variables is not None and not isinstance(variables, dict):  # a template of Prefect's
        raise DeployProblem(
            f"The job variable env of {full_name} must be a mapping, to keep the production token "
            "in it.",
            "Make it a mapping in Prefect, where each variable may be a template; or remove it.",
        )
    return variables or {}


def production_of(full_name: str, job_variables: dict[str, Any] | None) -> Production | None:
    """Return the production token of a deployment, if it has one.

    Args:
        full_name: The deployment, as `FLOW/NAME`.
        job_variables: Its job variables on the server.

    Raises:
        DeployProblem: Its job variable `env` is a template.
    """
    variables = environment_of(full_name, job_variables)
    if not variables.get(TOKEN_VARIABLE):
        return None
    owner = variables.get(OWNER_VARIABLE)
    return Production(
        token=str(variables[TOKEN_VARIABLE]), owner=None if owner is None else str(owner)
    )


def job_variables_of(deployment: Deployment, found: dict[str, Any] | None) -> dict[str, Any]:
    """Put what is ours into the variables of the runs' environment, and leave the others.

    Args:
        deployment: The deployment as it is to be.
        found: The job variables that it has on the server.

    Raises:
        DeployProblem: Nothing can be added to its environment.
    """
    described = deployment.description
    earlier = Record.of(found)
    variables = {
        name: value
        for name, value in environment_of(deployment.full_name, found).items()
        if earlier is None or name not in earlier.variables
    }
    ours = dict(deployment.environment)
    record = deployment.record or Record.described(described)
    ours[DEPLOYMENT_VARIABLE] = replace(record, variables=sorted(deployment.environment)).as_text()
    if deployment.production is not None:
        ours[TOKEN_VARIABLE] = deployment.production.token
        if deployment.production.owner:
            ours[OWNER_VARIABLE] = deployment.production.owner
    elif described.token and TOKEN_VARIABLE not in variables:
        ours[TOKEN_VARIABLE] = described.token
    return {**(found or {}), **deployment.job_variables, "env": {**variables, **ours}}


def new_schedule(schedule: CronSchedule, active: bool | None) -> DeploymentScheduleCreate:
    """Name our schedule, by which it is known again; `active` is `None` for a new one."""
    return DeploymentScheduleCreate(
        schedule=schedule, slug=SCHEDULE_SLUG, active=active is not False
    )


def unscheduled_parameters(
    deployment: Deployment, facts: Mapping[str, Any], found: DeploymentResponse | None
) -> list[str]:
    """Return the parameters for want of which the runs of a deployment's schedule fail.

    Args:
        deployment: The deployment as it is to be.
        facts: What its file says, of `file_facts`.
        found: The deployment as the server has it; `None` if it has none yet.

    Returns:
        Their names in Metaflow; none where no schedule is active.
    """
    described = deployment.description
    ours = [one for one in found.schedules if is_our_schedule(one.slug)] if found else []
    active = deployment.scheduled
    if active is None:
        active = ours[0].active if ours else True
    if described.cron is None or not active:
        return []
    given = deployment.settings.get("parameters") or (found.parameters if found else {})
    metaflow = {there: here for here, there in described.renamed.items()}
    required = facts["parameter_openapi_schema"].get("required") or ()
    return [metaflow.get(name, name) for name in required if name not in given]


def schedule_of(described: Description) -> CronSchedule | None:
    """Return the schedule that a flow's decorators ask for."""
    if described.cron is None:
        return None
    return CronSchedule(cron=described.cron, timezone=described.timezone)


def file_facts(deployment: Deployment) -> dict[str, Any]:
    """Return what the generated file and its flow say, for making and for updating.

    It takes as long as importing the file does.
    """
    with warnings.catch_warnings():
        # Files of flows of one name, each with a deployment of its own, are no mistake.
        warnings.filterwarnings("ignore", message="A flow named")
        flow: Any = load_flow_from_entrypoint(
            f"{deployment.folder}/{deployment.entrypoint}", use_placeholder_flow=False
        )
    return {
        "description": flow.description,
        "tags": [*deployment.description.tags],
        "entrypoint": deployment.entrypoint,
        "pull_steps": [*deployment.pull],
        "parameter_openapi_schema": form_of(parameter_schema(flow).model_dump(exclude_unset=True)),
    }
