"""Which flows have the name of another one, so that one deployment's name would be both's."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from mfp.convert.writing.outcome import Outcome
from mfp.convert.writing.plan import Planned
from mfp.discover import Problem
from mfp.settings import Settings

CLASS = re.compile(rb"^[ \t]*class[ \t]+(\w+)", re.MULTILINE)


def mark_same_names(
    outcomes: Sequence[Outcome],
    planned: Sequence[Planned],
    problems: Sequence[Problem],
    settings: Settings,
) -> list[Outcome]:
    """Mark the flows of which others have the name, and by the settings the deployment's.

    That is told from the sources alone, so that a deployment has the same name whether or not
    another flow can be loaded today.

    Args:
        outcomes: What became of the flows.
        planned: All flows.
        problems: The files in which flows cannot be told; what they call classes counts.
        settings: What may name the deployments otherwise.

    Returns:
        The outcomes, in the same order.
    """

    def key(name: str | None, path: PurePosixPath) -> tuple[str | None, str | None]:
        return name, settings.for_flow(path).deployment

    count = Counter(key(flow.name, flow.path) for flow in planned)
    count.update(key(name, one.path) for one in problems for name in set(_classes(one)))
    return [
        replace(one, shares_name=True) if count[key(one.name, one.path)] > 1 else one
        for one in outcomes
    ]


def _classes(problem: Problem) -> Iterator[str]:
    with suppress(OSError):
        for name in CLASS.findall(Path(problem.path).read_bytes()):
            yield name.decode("utf-8", "replace")
