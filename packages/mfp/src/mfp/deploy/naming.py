"""Which deployment each converted flow gets."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from metaflow_prefect.deploy.description import (
    BANNED,
    DEFAULT_NAME,
    Description,
    checked_name,
    full_name,
)
from metaflow_prefect.errors import MetaflowPrefectError

from mfp.convert.writing.outcome import Outcome
from mfp.discover.files.ignore import repository_top

SAME_NAME = "Two flows have this deployment name; set `deployment` for one of them in the settings"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDeployment:
    """A flow that is to be deployed.

    Attributes:
        outcome: What became of its conversion.
        description: What its decorators make of its deployment; None if they cannot.
        name: The deployment's name, without the flow's.
        work_pool: The work pool that is asked for; None is the usual one.
        problem: Why it cannot be deployed; empty if it can.
    """

    outcome: Outcome
    description: Description | None
    name: str
    work_pool: str | None
    problem: str = ""

    def entrypoint(self, folder: Path) -> str:
        """Give the generated file, relative to a folder, and its function.

        Args:
            folder: The folder.
        """
        if self.description is None:
            return ""
        return f"{relative(str(self.outcome.output), folder)}:{self.description.function}"

    @property
    def full_name(self) -> str:
        """The name by which Prefect knows the deployment: flow and deployment."""
        flow = self.description.flow if self.description else self.outcome.name
        return full_name(flow or "", self.name)


def name_deployments(
    outcomes: Sequence[Outcome], folder: Path, work_pool: str | None
) -> list[PlannedDeployment]:
    """Name the deployments of the flows that were converted.

    A deployment has the name that the settings give, or that of its flow's project and branch,
    or `default`. Where several flows have one name, each gets a name by its path, seen from the
    repository's folder.

    Args:
        outcomes: What became of the conversions.
        folder: The folder of the settings, in which paths begin where there is no repository.
        work_pool: The work pool where the settings name none.

    Returns:
        The flows that were converted, in the same order.
    """
    found = [_planned(one, work_pool) for one in outcomes if one.reply is not None]
    # Also projects or settings can give two flows one name, but that does not show in sources.
    count = Counter(one.full_name for one in found if not one.outcome.shares_name)
    top = repository_top(str(Path.cwd()))
    root = folder if top is None else Path(top)
    named = [
        _by_path(one, root) if one.outcome.shares_name or count[one.full_name] > 1 else one
        for one in found
    ]
    # Two paths can give one name, too: `a/b.py` and `a.b.py`.
    count = Counter(one.full_name for one in named)
    return [
        one if one.problem or count[one.full_name] == 1 else replace(one, problem=SAME_NAME)
        for one in named
    ]


def relative(path: str, folder: Path) -> str:
    """Give a path relative to a folder, with `/` between.

    Args:
        path: The path, absolute or relative to the current folder.
        folder: The folder.
    """
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _planned(outcome: Outcome, work_pool: str | None) -> PlannedDeployment:
    chosen = outcome.settings
    described = outcome.reply.deployment if outcome.reply else None
    problem = outcome.reply.deployment_problem if outcome.reply else ""
    name = chosen.deployment or (described.name if described else DEFAULT_NAME)
    try:
        checked_name(name)
    except MetaflowPrefectError as error:
        problem = error.message.rstrip(".")
    return PlannedDeployment(
        outcome=outcome,
        description=described,
        name=name,
        work_pool=chosen.work_pool or work_pool,
        problem=problem,
    )


def _by_path(planned: PlannedDeployment, root: Path) -> PlannedDeployment:
    path = PurePosixPath(relative(str(planned.outcome.path), root)).with_suffix("")
    place = ".".join(part for part in path.parts if part != "..")
    named = f"{planned.name}-{place}" if planned.name != DEFAULT_NAME else place
    return replace(planned, name="".join("-" if c in BANNED else c for c in named))
