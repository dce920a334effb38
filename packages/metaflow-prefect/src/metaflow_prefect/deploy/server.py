"""Deploy generated files to a Prefect server, through Prefect's own client.

It imports Prefect, which takes seconds: so it is itself imported only by what deploys.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import httpx
from prefect.client.base import ServerType
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.objects import VersionInfo, WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.context import AsyncClientContext
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.settings import (
    PREFECT_API_REQUEST_TIMEOUT,
    PREFECT_CLIENT_MAX_RETRIES,
    get_current_settings,
)

from metaflow_prefect.deploy.automations import put_automations
from metaflow_prefect.deploy.deployment import (
    Deployment,
    file_facts,
    job_variables_of,
    new_schedule,
    schedule_of,
    unscheduled_parameters,
)
from metaflow_prefect.deploy.description import (
    NO_SERVER,
    SET_SERVER,
    is_our_schedule,
    named_triggers,
)
from metaflow_prefect.deploy.errors import server_errors, tolerated
from metaflow_prefect.deploy.notices import notifications
from metaflow_prefect.deploy.pools import check_job_variables, check_reach, choose_pool
from metaflow_prefect.deploy.record import Record
from metaflow_prefect.errors import DeployProblem
from metaflow_prefect.runtime.flow_run.server import ANSWER_SECONDS, changed_settings

CLOUD_WRITES = 10
PAGE = 200  # deployments in one answer of the server


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


def await_answer() -> None:
    """Wait for an answer of the server, for as long as the user of a command would.

    Prefect's client asks six times, and waits a minute each time.

    Raises:
        httpx.RequestError: There was none. What else may be wrong is for the first request.
    """
    limit = min(PREFECT_API_REQUEST_TIMEOUT.value(), ANSWER_SECONDS)
    hasty = {PREFECT_API_REQUEST_TIMEOUT: limit, PREFECT_CLIENT_MAX_RETRIES: 0}
    with changed_settings(hasty), get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
    if isinstance(problem, (httpx.TimeoutException, httpx.ConnectError)):
        raise problem


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

    with server_errors(url):
        await asyncio.to_thread(await_answer)
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
        kept: Mapping[str, Any] | None = None,
    ) -> str:
        """Find the work pool for deployments.

        Args:
            name: The pool that the user names; `None` is the usual one.
            local: Whether flows are run from a folder of this machine.
            local_datastore: Whether Metaflow's data is in a folder, too.
            variables: Job variables that the user gives; `None` leaves checking to the runs.
            kept: Job variables that the deployment has already.

        Returns:
            Its name.

        Raises:
            DeployProblem: There is none, or runs in it would not find the flows.
        """
        pool = choose_pool(self._pools, name, url=self.url)
        check_reach(pool, folder=local, local_datastore=local_datastore)
        if variables is not None:
            check_job_variables(pool, variables, kept)
        return pool.name

    async def existing(self, full_name: str) -> DeploymentResponse | None:
        """Return a deployment as the server has it; `None` if it has none of that name.

        Args:
            full_name: The names of flow and deployment, with `/` between.

        Raises:
            DeployProblem: The server does not answer well.
        """
        with server_errors(self.url):
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
        with server_errors(self.url):
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

    async def deploy(self, deployment: Deployment) -> tuple[UUID, list[str]]:
        """Make a deployment, or bring it up to date.

        As with Prefect's own `deploy`, what users changed beside stays: whether it and its
        schedule are paused, its parameters and limits.

        Args:
            deployment: The deployment.

        Returns:
            Its id, and the parameters without a value that its schedule would need.

        Raises:
            DeployProblem: Prefect did not take it.
        """
        with server_errors(self.url):
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
                return id_, unscheduled_parameters(deployment, facts, found)

    async def _load(self, deployment: Deployment) -> dict[str, Any]:
        """Read the generated file, one at a time, while the server is at work."""
        async with self._loader:
            return await asyncio.to_thread(file_facts, deployment)

    async def _create(self, deployment: Deployment, facts: dict[str, Any]) -> UUID:
        flow_id = await self._client.create_flow_from_name(deployment.description.flow)
        schedule = schedule_of(deployment.description)
        new = [new_schedule(schedule, deployment.scheduled)] if schedule else []
        id_ = await self._client.create_deployment(
            flow_id=flow_id,
            name=deployment.name,
            work_pool_name=deployment.work_pool,
            schedules=new,
            paused=deployment.paused,
            enforce_parameter_schema=True,
            job_variables=job_variables_of(deployment, {}),
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
        changes["job_variables"] = job_variables_of(deployment, found.job_variables)
        if deployment.paused is not None:
            changes["paused"] = deployment.paused
        if found.work_pool_name != deployment.work_pool:  # else a chosen queue would be lost
            changes["work_pool_name"] = deployment.work_pool
        await self._client.update_deployment(found.id, DeploymentUpdate(**changes))
        await self._put_schedule(found, schedule_of(deployment.description), deployment.scheduled)
        await self._put_triggers(found.id, deployment)

    async def _put_schedule(
        self, found: DeploymentResponse, wanted: CronSchedule | None, active: bool | None
    ) -> None:
        """Set our schedule, and leave alone those that users have added."""
        ours = [one for one in found.schedules if is_our_schedule(one.slug)]
        for old in ours if wanted is None else ():
            with tolerated(404):
                await self._client.delete_deployment_schedule(found.id, old.id)
        if wanted is not None and not ours:
            with tolerated(409):
                new = new_schedule(wanted, active)
                await self._client.create_deployment_schedules(found.id, [new])
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


async def _work_pools(client: PrefectClient) -> list[WorkPool]:
    found: list[WorkPool] = []
    while page := await client.read_work_pools(limit=200, offset=len(found)):
        found += page
    return found
