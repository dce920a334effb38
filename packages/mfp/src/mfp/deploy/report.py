"""What the user gets to see of a deploy: a table, or a document for machines."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from mfp.convert.report import show_failures, show_table
from mfp.convert.writing.outcome import Outcome
from mfp.deploy.server import Deployed
from mfp.terminal import Verbosity, printable

HEADER = ("FLOW", "CLASS", "STATUS", "DEPLOYMENT, OR REASON AND REMEDY")


def entries(deployed: Sequence[Deployed]) -> list[dict[str, Any]]:
    """Write deployments as JSON has them.

    Args:
        deployed: What became of the deployments.
    """
    return [
        {
            "name": one.planned.full_name,
            "flow": one.planned.full_name.partition("/")[0],
            "path": str(one.planned.outcome.path),
            "class": one.planned.outcome.name,
            "output": str(one.planned.outcome.output),
            "status": one.status,
            "id": one.id,
            "error": one.error,
            "remedy": one.remedy,
        }
        for one in deployed
    ]


def show(
    outcomes: Sequence[Outcome], deployed: Sequence[Deployed], verbosity: Verbosity = "normal"
) -> None:
    """Print a table of what changed and what failed, then each failure, then the numbers.

    Args:
        outcomes: What became of the conversions.
        deployed: What became of the deployments.
        verbosity: `verbose` shows what is unchanged, too; `quiet` only what failed.
    """
    by_flow = {id(one.planned.outcome): one for one in deployed}
    rows = []
    for outcome in outcomes:
        one = by_flow.get(id(outcome))
        last = (one.status, one.planned.full_name) if one else (outcome.status, outcome.reason)
        if verbosity == "verbose" or last[0] != "unchanged":
            rows.append((outcome.location, outcome.name or "", *last))
    if verbosity != "quiet":
        show_table(HEADER, rows)
    failed = [one for one in outcomes if one.status == "failed"]
    show_failures(failed, in_table=verbosity != "quiet")
    _show_failures([one for one in deployed if one.status == "failed"])
    if verbosity == "quiet":
        return
    count = Counter(one.status for one in deployed)
    done = f"{count['would-deploy']} would be deployed" if count["would-deploy"] else ""
    done = done or f"{count['deployed']} deployed"
    click.echo(
        f"{done}, {count['unchanged']} unchanged, {count['failed'] + len(failed)} failed.",
        err=True,
    )


def _show_failures(deployed: Sequence[Deployed]) -> None:
    """Print a reason that all have in common only once."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in deployed:
        reasons.setdefault((one.error or "", one.remedy or ""), []).append(one.planned.full_name)
    for (error, remedy), names in reasons.items():
        text = "; ".join(line.strip() for line in error.splitlines())
        others = f" and {len(names) - 1} others" if len(names) > 1 else ""
        click.echo(printable(f"{names[0]}{others}: {text}. {remedy}"), err=True)
