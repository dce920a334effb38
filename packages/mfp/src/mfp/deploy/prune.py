"""The deployments of a repository on a server, and which of them are no flow's any more."""

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from metaflow_prefect.deploy.known import Known
from metaflow_prefect.deploy.operations import operator
from metaflow_prefect.errors import MetaflowPrefectError

from mfp.convert.writing.plan import Planned
from mfp.convert.writing.stale import is_flow_gone
from mfp.deploy.repository import Repository
from mfp.deploy.server import Deployed
from mfp.errors import MfpError
from mfp.settings import Settings

Status = Literal["current", "moved", "gone", "renamed"]
Fate = Literal["removed", "would-remove", "kept", "failed"]
OUTDATED: tuple[Status, ...] = ("gone", "renamed")  # those that are removed


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A deployment of the repository on the server, and whether a flow still stands behind it.

    Attributes:
        deployment: The deployment.
        status: `moved` is one whose flow is in another file, which has not been deployed yet.
        reason: Why it is not current, as a sentence without its full stop.
        fate: What became of it, if it was to be removed.
        error: Why it could not be removed.
    """

    deployment: Known
    status: Status
    reason: str = ""
    fate: Fate | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        one = self.deployment
        return {
            "name": one.full_name,
            "flow": one.flow,
            "path": one.record.source,
            "status": self.status if self.fate is None else self.fate,
            "reason": self.reason or None,
            "id": str(one.id),
            "error": self.error,
        }


class Standings:
    """Tells which deployments of a repository are no flow's any more.

    Args:
        repository: The repository.
        project: All flows of the project.
        settings: What may name their deployments.
        deployed: What became of the deployments of this run, if it has made any.
    """

    def __init__(
        self,
        repository: Repository,
        project: Sequence[Planned],
        settings: Settings,
        deployed: Sequence[Deployed] = (),
    ) -> None:
        self._repository = repository
        self._wanted = {one.planned.full_name for one in deployed}
        # By file and class: the deployment that each flow has now, as far as that is known.
        self._flows: dict[tuple[str | None, str], str | None] = {}
        for flow in project:
            chosen = settings.for_flow(flow.path).deployment
            name = f"{flow.name}/{chosen}" if chosen else None
            self._flows[repository.source_of(flow.path), flow.name] = name
        self._branches: dict[tuple[str | None, str], tuple[str | None, str | None]] = {}
        for one in deployed:
            described = one.planned.description
            if one.status != "failed" and described is not None:
                key = (repository.source_of(one.planned.outcome.path), described.flow)
                self._flows[key] = one.planned.full_name
                self._branches[key] = (described.project, described.branch)
            elif described is not None:  # the old one is all that there is
                self._flows[repository.source_of(one.planned.outcome.path), described.flow] = None

    def read(self) -> list[Standing]:
        """Ask the server for the repository's deployments.

        Raises:
            MfpError: If it does not answer well.
        """
        with _told(), operator() as server:
            return sorted(
                map(self._standing, self._ours(server.deployments())),
                key=lambda one: one.deployment.full_name,
            )

    def _ours(self, found: Iterable[Known]) -> Iterator[Known]:
        for one in found:
            source = one.record.source
            if not source or one.record.repository != self._repository.name:
                continue
            if self._repository.holds(source):
                yield one

    def _standing(self, one: Known) -> Standing:
        source, record = one.record.source or "", one.record
        if one.full_name in self._wanted:
            return Standing(deployment=one, status="current")
        key = (source, one.flow)
        if key in self._flows:
            name = self._flows[key]
            branch = (record.project, record.branch)
            if name in (None, one.full_name) or self._branches.get(key, branch) != branch:
                return Standing(deployment=one, status="current")
            return Standing(
                deployment=one, status="renamed", reason=f"its flow is deployed as {name}"
            )
        others = {place: name for (place, flow), name in self._flows.items() if flow == one.flow}
        if others:
            reason = f"its flow is now in {', '.join(sorted(map(str, others)))}"
            is_known = all(name not in (None, one.full_name) for name in others.values())
            return Standing(deployment=one, status="gone" if is_known else "moved", reason=reason)
        if self._is_left_out(source) or not is_flow_gone(self._repository.root / source, one.flow):
            return Standing(deployment=one, status="current")
        return Standing(deployment=one, status="gone", reason=f"{source} has no flow {one.flow}")

    def _is_left_out(self, source: str) -> bool:
        """Say whether a sparse checkout leaves the file out, which is in the repository."""
        root = self._repository.root
        if (root / source).exists() or not (root / ".git").exists():
            return False
        done = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-t", "--", f":(literal){source}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return done.stdout.startswith(b"S ")


def remove(outdated: Sequence[Standing]) -> list[Standing]:
    """Remove deployments with their automations, going on after a failure.

    Args:
        outdated: The deployments.

    Returns:
        What became of each.
    """
    found: list[Standing] = []
    for one in outdated:
        try:
            with operator() as server:
                server.delete(one.deployment)
        except MetaflowPrefectError as problem:
            found.append(replace(one, fate="failed", error=str(problem)))
        else:
            found.append(replace(one, fate="removed"))
    return found


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except MetaflowPrefectError as problem:
        raise MfpError(problem.message.rstrip("."), problem.remedy) from problem
