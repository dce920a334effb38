"""Deploy flows to a Prefect server, some at once, all over one connection."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import click
from metaflow_prefect.deploy.deployment import Deployment
from metaflow_prefect.deploy.description import Description, unset_warning
from metaflow_prefect.deploy.pull import checkout_of, clone_steps, folder_steps
from metaflow_prefect.deploy.record import Record
from metaflow_prefect.deploy.server import Server, connect
from metaflow_prefect.errors import MetaflowPrefectError

from mfp.convert.loading.exchange import Reply
from mfp.deploy.committed import REMEDY as UNCOMMITTED_REMEDY
from mfp.deploy.committed import not_committed, not_pushed
from mfp.deploy.fingerprint import source_hash
from mfp.deploy.naming import PlannedDeployment
from mfp.deploy.repository import Repository
from mfp.discover.files.ignore import repository_top
from mfp.terminal import printable

Status = Literal["deployed", "unchanged", "failed", "would-deploy"]
UNDER_WAY = 8  # deployments that are read or looked up while others are written
# The flow is at fault where a description is missing, not the server.
FLOW_REMEDY = "Change the flow's decorators accordingly."
GIVE_VALUES = (
    "Give them defaults in the flow, or values in the deployment's parameters in Prefect's pages."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Deploying:
    """How flows are deployed.

    Attributes:
        writes: How many the server is given at once; None is what fits its kind.
        pull: How workers get the code: `local` or `git`.
        changed: Whether only those are deployed of which the server has another state.
        dry: Whether to say only what would be deployed.
        reachable: Whether there is a server; only a dry run does without.
        output_dir: The folder that generated files go to.
        repository: The repository that the flows are of; None if it has no name.
    """

    writes: int | None
    pull: str
    changed: bool
    dry: bool
    reachable: bool
    output_dir: str
    repository: Repository | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """A deployment at the end of the run.

    Attributes:
        planned: The flow.
        status: What became of it.
        id: Its id on the server, if it is there.
        error: Why it failed, as a sentence without its full stop.
        remedy: What to do next, as a whole sentence.
    """

    planned: PlannedDeployment
    status: Status
    id: str | None = None
    error: str | None = None
    remedy: str | None = None


def deploy_all(
    flows: Sequence[PlannedDeployment], how: Deploying, advance: Callable[[str], None]
) -> list[Deployed]:
    """Deploy flows, going on after a failure.

    Args:
        flows: The flows.
        how: How they are deployed.
        advance: Called as each is done, with what became of it.

    Returns:
        What became of each, in the same order.
    """
    try:
        steps, missing = _pull_steps(flows, how.pull)
        return asyncio.run(_all(flows, steps, missing, how, advance))
    except MetaflowPrefectError as problem:  # of the server or the repository: all have failed
        return [_failed(one, problem) for one in flows]


async def _all(
    flows: Sequence[PlannedDeployment],
    steps: list[dict[str, Any]],
    missing: dict[int, Deployed],
    how: Deploying,
    advance: Callable[[str], None],
) -> list[Deployed]:
    refused = [_not_deployable(one) or missing.get(id(one)) for one in flows]
    if not how.reachable or all(refused):
        return [
            no or Deployed(planned=one, status="would-deploy")
            for one, no in zip(flows, refused, strict=True)
        ]
    async with connect(how.writes) as server:
        work = _Work(server, steps, how)
        room = asyncio.Semaphore(UNDER_WAY)

        async def done(planned: PlannedDeployment, no: Deployed | None) -> Deployed:
            async with room:
                result = no or await work.deploy(planned)
            advance(f"{result.status} {planned.full_name}")
            return result

        results = list(await asyncio.gather(*map(done, flows, refused)))
        _warn_of_unset(work.unset)
        with suppress(MetaflowPrefectError):  # what is deployed is: the next run tells of it
            _tell_of(await server.left_behind(steps, Path.cwd()))
        return results


class _Work:
    """What all deployments of a run share."""

    def __init__(self, server: Server, steps: list[dict[str, Any]], how: Deploying) -> None:
        self._server = server
        self._steps = steps
        self._how = how
        self._folder = Path.cwd()
        self._root = Path(repository_top(str(self._folder)) or self._folder)
        self._ignored = Path(how.output_dir).resolve()
        self.unset: dict[str, list[str]] = {}  # parameters that schedules would need

    async def deploy(self, planned: PlannedDeployment) -> Deployed:
        """Deploy a flow."""
        described = planned.description
        reply = planned.outcome.reply
        if described is None or reply is None:
            return Deployed(planned=planned, status="failed")
        try:
            return await self._deploy(planned, described, reply)
        except MetaflowPrefectError as problem:
            return _failed(planned, problem)
        except Exception as error:  # noqa: BLE001 - one flow's must not stop the others
            text = f"{type(error).__name__}: {error}"
            return _failed(planned, MetaflowPrefectError(text, "Report it: it is a defect of mfp."))

    async def _deploy(
        self, planned: PlannedDeployment, described: Description, reply: Reply
    ) -> Deployed:
        wanted = Deployment(
            description=described,
            name=planned.name,
            folder=self._folder,
            entrypoint=planned.entrypoint(self._folder),
            pull=self._steps,
            work_pool=self._server.work_pool(planned.work_pool, local=self._how.pull == "local"),
            record=_record(planned, described, self._how.repository),
        )
        version = source_hash(wanted, reply, self._root, self._ignored)
        if self._how.changed:
            found = await self._server.existing(wanted.full_name)
            if found is not None and found.version == version:
                return Deployed(planned=planned, status="unchanged", id=str(found.id))
        if self._how.dry:
            return Deployed(planned=planned, status="would-deploy")
        identity, unset = await self._server.deploy(replace(wanted, version=version))
        if unset:
            self.unset[wanted.full_name] = unset
        return Deployed(planned=planned, status="deployed", id=str(identity))


def _record(
    planned: PlannedDeployment, described: Description, repository: Repository | None
) -> Record:
    """Say whose deployment it is, so that it is found when its flow is gone."""
    source = repository.source_of(planned.outcome.path) if repository else None
    name = repository.name if repository and source else None
    return Record.described(described, repository=name, source=source)


def _pull_steps(
    flows: Sequence[PlannedDeployment], pull: str
) -> tuple[list[dict[str, Any]], dict[int, Deployed]]:
    """Give the pull steps, and by identity the flows that would not be where these lead."""
    if pull == "local":
        return folder_steps(str(Path.cwd())), {}
    checkout = checkout_of(Path.cwd())
    missing = {}
    for one in flows:
        if not one.problem and (reason := not_committed(one, checkout.root)):
            missing[id(one)] = Deployed(
                planned=one, status="failed", error=reason, remedy=UNCOMMITTED_REMEDY
            )
    there = [one for one in flows if not one.problem and id(one) not in missing]
    if left := not_pushed(there, checkout.branch, checkout.root):
        branch = f"The branch {checkout.branch}" if checkout.branch else "The default branch"
        text = f"{branch} of origin, which workers clone, does not have as it "
        text += f"is here: {', '.join(left)}. Push before the next run."
        click.echo(printable(text), err=True)
    return clone_steps(checkout, checkout.branch), missing


def _warn_of_unset(unset: Mapping[str, Sequence[str]]) -> None:
    for name, parameters in unset.items():
        click.echo(printable(unset_warning(name, parameters, GIVE_VALUES)), err=True)


def _tell_of(left_behind: Sequence[str]) -> None:
    if left_behind:
        gone = "Its generated file is" if len(left_behind) == 1 else "Their generated files are"
        text = f"{', '.join(left_behind)}: {gone} gone, so runs fail. Remove them by: "
        text += "mfp deploy --prune; or one by: prefect deployment delete NAME"
        click.echo(printable(text), err=True)


def _not_deployable(planned: PlannedDeployment) -> Deployed | None:
    if not planned.problem:
        return None
    return Deployed(planned=planned, status="failed", error=planned.problem, remedy=FLOW_REMEDY)


def _failed(planned: PlannedDeployment, problem: MetaflowPrefectError) -> Deployed:
    return Deployed(
        planned=planned,
        status="failed",
        error=problem.message.rstrip("."),
        remedy=problem.remedy,
    )
