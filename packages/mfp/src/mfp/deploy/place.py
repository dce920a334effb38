"""Which deployment each converted flow gets."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from metaflow_prefect.deployment import BANNED, DEFAULT_NAME, Description, checked_name
from metaflow_prefect.errors import MetaflowPrefectError

from mfp.convert.outcome import Outcome
from mfp.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A flow that is to be deployed.

    Attributes:
        outcome: What became of its conversion.
        description: What its decorators make of its deployment; None if they cannot.
        name: The deployment's name, without the flow's.
        work_pool: The work pool that is asked for; None is the usual one.
        unfit: Why it cannot be deployed; empty if it can.
    """

    outcome: Outcome
    description: Description | None
    name: str
    work_pool: str | None
    unfit: str = ""

    @property
    def entrypoint(self) -> str:
        """The generated file, relative to the current folder, and its function."""
        if self.description is None:
            return ""
        file = os.path.relpath(str(self.outcome.output)).replace(os.sep, "/")
        return f"{file}:{self.description.function}"

    @property
    def full_name(self) -> str:
        """The name by which Prefect knows the deployment: flow and deployment."""
        flow = self.description.flow if self.description else self.outcome.name
        return f"{flow}/{self.name}"


def place(outcomes: Sequence[Outcome], settings: Settings, work_pool: str | None) -> list[Placed]:
    """Name the deployments of the flows that were converted.

    A deployment has the name that the settings give, or that of its flow's project and branch,
    or `default`. Where that would make one deployment of several flows of one name, each gets a
    name by its path.

    Args:
        outcomes: What became of the conversions.
        settings: What `pyproject.toml` says.
        work_pool: The work pool where that names none.

    Returns:
        The flows that were converted, in the same order.
    """
    found = [_placed(one, settings, work_pool) for one in outcomes if one.reply is not None]
    count = Counter(one.full_name for one in found if one.description)
    return [_by_path(one) if count[one.full_name] > 1 else one for one in found]


def _placed(outcome: Outcome, settings: Settings, work_pool: str | None) -> Placed:
    chosen = settings.for_flow(outcome.path)
    described = outcome.reply.deployment if outcome.reply else None
    unfit = outcome.reply.unfit if outcome.reply else ""
    name = chosen.deployment or (described.name if described else DEFAULT_NAME)
    try:
        checked_name(name)
    except MetaflowPrefectError as problem:
        unfit = problem.message.rstrip(".")
    return Placed(
        outcome=outcome,
        description=described,
        name=name,
        work_pool=chosen.work_pool or work_pool,
        unfit=unfit,
    )


def _by_path(placed: Placed) -> Placed:
    path = PurePosixPath(os.path.relpath(str(placed.outcome.path))).with_suffix("")
    place = ".".join(part for part in path.parts if part != "..")
    named = f"{placed.name}-{place}" if placed.name != DEFAULT_NAME else place
    return Placed(
        outcome=placed.outcome,
        description=placed.description,
        name="".join("-" if c in BANNED else c for c in named),
        work_pool=placed.work_pool,
        unfit=placed.unfit,
    )
