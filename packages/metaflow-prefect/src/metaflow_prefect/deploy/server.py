"""Deploy generated files to a Prefect server, through Prefect's own client.

It imports Prefect, which takes seconds: so it is itself imported only by what deploys.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from prefect.client.base import ServerType
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate
from prefect.client.schemas.objects import VersionInfo, WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.context import AsyncClientContext
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import get_current_settings
from prefect.utilities.callables import parameter_schema

from metaflow_prefect.deploy.automations import put_automations
from metaflow_prefect.deploy.description import (
    NO_SERVER,
    SCHEDULE_SLUG,
    SET_SERVER,
    Description,
    Production,
    full_name,
    named_triggers,
)
from metaflow_prefect.deploy.errors import told
from metaflow_prefect.deploy.notices import Notices, notifications
from metaflow_prefect.deploy.pools import check_job_variables, check_reach, choose_pool
from metaflow_prefect.deploy.record import Record
from metaflow_prefect.errors import DeployProblem
from metaflow_prefect.runtime.flow_run.deployed import DEPLOYMENT_VARIABLE

CLOUD_WRITES = 10
PAGE = 200  # deployments in one answer of the server
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
        notices: Who is told of the ends of its runs; `None` leaves that as it is.
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
        schedule = _schedule(self.description)
        with told(""):
            facts = _facts(self)
        return {
            "name": self.name,
            "flow_name": self.description.flow,
            "work_pool_name": self.work_pool,
            "paused": bool(self.paused),
            "schedules": [_new_schedule(schedule, self.scheduled).model_dump(mode="json")]
            if schedule
            else [],
            "triggers": named_triggers(self.description.triggers, self.full_name),
            "job_variables": _job_variables(self, {}),
            **facts,
            **self.settings,
        }


def api_url() -> str:
    """Return the URL of the server to deploy to, without any password in it.

    Raises:
        DeployProblem: None is set.
    """
    url = get_current_settings().api.url
    if not url:
        raise DeployProblem(NO_SERVER, SET_SERVER)
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@asynccontextmanager
async def connect(writes: int | None = None) -> AsyncIterator[Server]:
    """Connect to the server in `PREFECT_API_URL`.

    Args:
        writes: How many deployments are written at once. By default it is one, unless the
            server is Prefect Cloud: SQLite, a server's default, takes one write at a time, and
            becomes the slower the more are waiting.

    Yields:
        The server.

    Raises:
        DeployProblem: There is none, or it does not answer, or does not let us in.
    """
    url = api_url()

    with told(url):
        async with AsyncClientContext.get_or_create() as context:
            # Unlike the question for its version, this one needs a valid key.
            pools = await _work_pools(context.client)
            cloud = context.client.server_type == ServerType.CLOUD
            yield Server(context.client, url, pools, writes or (CLOUD_WRITES if cloud else 1))


class Server:
    """A Prefect server.

    Args:
        client: The connection.
        url: Its URL.
        pools: Its work pools.
        writes: How many deployments are written at once.
    """

    def __init__(
        self, client: PrefectClient, url: str, pools: Sequence[WorkPool], writes: int
    ) -> None:
        self._client = client
        self.url = url
        self._pools = {pool.name: pool for pool in pools}
        self._room = asyncio.Semaphore(writes)
        self._loader = asyncio.Lock()

    def work_pool(
        self,
        name: str | None,
        *,
        local: bool,
        local_datastore: bool = False,
        variables: Mapping[str, Any] | None = None,
    ) -> str:
        """Find the work pool for deployments.

        Args:
            name: The pool that the user names; `None` is the usual one.
            local: Whether flows are run from a folder of this machine.
            local_datastore: Whether Metaflow's data is in a folder, too.
            variables: Job variables that its template must have.

        Returns:
            Its name.

        Raises:
            DeployProblem: There is none, or runs in it would not find the flows.
        """
        pool = choose_pool(self._pools, name, url=self.url)
        check_reach(pool, folder=local, local_datastore=local_datastore)
        check_job_variables(pool, variables or {})
        return pool.name

    async def existing(self, full_name: str) -> DeploymentResponse | None:
        """Return a deployment as the server has it; `None` if it has none of that name.

        Args:
            full_name: The names of flow and deployment, with `/` between.

        Raises:
            DeployProblem: The server does not answer well.
        """
        with told(self.url):
            try:
                return await self._client.read_deployment_by_name(full_name)
            except ObjectNotFound:
                return None

    async def left_behind(self, pull: Sequence[Mapping[str, Any]], folder: Path) -> list[str]:
        """Name the deployments whose generated file is gone, so that their runs fail.

        Args:
            pull: How workers get at the code; those with other pull steps are not ours to judge.
            folder: The folder that these steps lead to.

        Raises:
            DeployProblem: The server does not answer well.
        """
        found: list[DeploymentResponse] = []
        with told(self.url):
            while page := await self._client.read_deployments(limit=PAGE, offset=len(found)):
                found += page
        return sorted(
            f"{record.flow}/{one.name}"
            for one in found
            if one.pull_steps == pull
            and (record := Record.of(one.job_variables)) is not None
            and one.entrypoint
            and not (folder / one.entrypoint.rpartition(":")[0]).exists()
        )

    async def production(self, full_name: str) -> Production | None:
        """Return the production token of a deployment, if it has one.

        Args:
            full_name: The names of flow and deployment, with `/` between.

        Raises:
            DeployProblem: The server does not answer well, or its job variable `env` is a template.
        """
        found = await self.existing(full_name)
        variables = _environment(full_name, found.job_variables) if found else {}
        if not variables.get(TOKEN_VARIABLE):
            return None
        owner = variables.get(OWNER_VARIABLE)
        return Production(
            token=str(variables[TOKEN_VARIABLE]), owner=None if owner is None else str(owner)
        )

    async def deploy(self, deployment: Deployment) -> UUID:
        """Make a deployment, or bring it up to date.

        As with Prefect's own `deploy`, what users changed beside stays: whether it and its
        schedule are paused, its parameters and limits.

        Args:
            deployment: The deployment.

        Returns:
            Its id.

        Raises:
            DeployProblem: Prefect did not take it.
        """
        with told(self.url):
            facts = await self._load(deployment)
            found = await self.existing(deployment.full_name)
            async with self._room:
                if found is None:
                    id_ = await self._create(deployment, facts)
                else:
                    id_ = found.id
                    await self._update(deployment, facts, found)
                if version := deployment.version:  # last: it says that all the rest is there
                    info = VersionInfo(type="prefect:simple", version=version)
                    update = DeploymentUpdate(version=version, version_info=info)
                    await self._client.update_deployment(id_, update)
                return id_

    async def _load(self, deployment: Deployment) -> dict[str, Any]:
        """Read the generated file, one at a time, while the server is at work."""
        async with self._loader:
            return await asyncio.to_thread(_facts, deployment)

    async def _create(self, deployment: Deployment, facts: dict[str, Any]) -> UUID:
        flow_id = await self._client.create_flow_from_name(deployment.description.flow)
        schedule = _schedule(deployment.description)
        new = [_new_schedule(schedule, deployment.scheduled)] if schedule else []
        id_ = await self._client.create_deployment(
            flow_id=flow_id,
            name=deployment.name,
            work_pool_name=deployment.work_pool,
            schedules=new,
            paused=deployment.paused,
            enforce_parameter_schema=True,
            job_variables=_job_variables(deployment, {}),
            **facts,
            **deployment.settings,
        )
        await self._put_triggers(id_, deployment)
        return id_

    async def _update(
        self, deployment: Deployment, facts: dict[str, Any], found: DeploymentResponse
    ) -> None:
        # No version until all is written: a hash of an earlier state would make it look done.
        changes = {**facts, **deployment.settings, "version": None}
        changes["job_variables"] = _job_variables(deployment, found.job_variables)
        if deployment.paused is not None:
            changes["paused"] = deployment.paused
        if found.work_pool_name != deployment.work_pool:  # else a chosen queue would be lost
            changes["work_pool_name"] = deployment.work_pool
        await self._client.update_deployment(found.id, DeploymentUpdate(**changes))
        await self._put_schedule(found, _schedule(deployment.description), deployment.scheduled)
        await self._put_triggers(found.id, deployment)

    async def _put_schedule(
        self, found: DeploymentResponse, wanted: CronSchedule | None, active: bool | None
    ) -> None:
        """Set our schedule, and leave alone those that users have added."""
        ours = [one for one in found.schedules if one.slug == SCHEDULE_SLUG]
        for old in ours if wanted is None else ():
            await self._client.delete_deployment_schedule(found.id, old.id)
        if wanted is not None and not ours:
            await self._client.create_deployment_schedules(
                found.id, [_new_schedule(wanted, active)]
            )
        elif wanted is not None and (ours[0].schedule != wanted or active is not None):
            await self._client.update_deployment_schedule(
                found.id, ours[0].id, active=active, schedule=wanted
            )

    async def _put_triggers(self, id_: UUID, deployment: Deployment) -> None:
        triggers = named_triggers(deployment.description.triggers, deployment.full_name)
        notices: list[AutomationCore] | None = None
        if deployment.notices is not None:
            name = deployment.full_name
            notices = await notifications(self._client, id_, name, deployment.notices)
        await put_automations(self._client, id_, triggers, notices)


def _environment(full_name: str, job_variables: dict[str, Any] | None) -> dict[str, Any]:
    variables = (job_variables or {}).get("env")
    if variables is not None and not isinstance(variables, dict):  # a template of Prefect's
        raise DeployProblem(
            f"The job variable env of {full_name} must be a mapping, to keep the production token "
            "in it.",
            "Make it a mapping in Prefect, where each variable may be a template; or remove it.",
        )
    return variables or {}


def _job_variables(deployment: Deployment, found: dict[str, Any] | None) -> dict[str, Any]:
    """Put what is ours into the variables of the runs' environment, and leave the others."""
    described = deployment.description
    earlier = Record.of(found)
    variables = {
        name: value
        for name, value in _environment(deployment.full_name, found).items()
        if earlier is None or name not in earlier.variables
    }
    ours = dict(deployment.environment)
    record = deployment.record or Record(
        flow=described.flow, project=described.project, branch=described.branch
    )
    ours[DEPLOYMENT_VARIABLE] = replace(record, variables=sorted(deployment.environment)).as_text()
    if deployment.production is not None:
        ours[TOKEN_VARIABLE] = deployment.production.token
        if deployment.production.owner:
            ours[OWNER_VARIABLE] = deployment.production.owner
    elif described.token and TOKEN_VARIABLE not in variables:
        ours[TOKEN_VARIABLE] = described.token
    return {**(found or {}), **deployment.job_variables, "env": {**variables, **ours}}


def _new_schedule(schedule: CronSchedule, active: bool | None) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(
        schedule=schedule, slug=SCHEDULE_SLUG, active=active is not False
    )


async def _work_pools(client: PrefectClient) -> list[WorkPool]:
    found: list[WorkPool] = []
    while page := await client.read_work_pools(limit=200, offset=len(found)):
        found += page
    return found


def _schedule(described: Description) -> CronSchedule | None:
    if described.cron is None:
        return None
    return CronSchedule(cron=described.cron, timezone=described.timezone)


def _facts(deployment: Deployment) -> dict[str, Any]:
    """Return what the generated file and its flow say, for making and for updating."""
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
        "parameter_openapi_schema": parameter_schema(flow).model_dump(exclude_unset=True),
    }
