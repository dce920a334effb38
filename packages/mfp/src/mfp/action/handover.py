"""What the step that loads flows hands over to the one that deploys them.

So no flow is loaded where the secrets are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from metaflow_prefect.generate.write import write_text

from mfp.action.inputs import Inputs
from mfp.convert.loading.exchange import Reply, read_reply, write_reply
from mfp.convert.writing.outcome import Outcome
from mfp.settings import read_settings

NAME = "flows.json"  # beside the report


@dataclass(frozen=True, kw_only=True, slots=True)
class Handover:
    """What there is to deploy.

    Attributes:
        outcomes: The flows that were converted.
        output_dir: The folder that generated files went to.
        pull: How workers get the code, if that was asked for.
    """

    outcomes: list[Outcome]
    output_dir: str
    pull: str | None


def hand_over(report: Path, outcomes: Sequence[Outcome], inputs: Inputs) -> None:
    """Write down what there is to deploy.

    Args:
        report: The report's file.
        outcomes: What became of the flows.
        inputs: The inputs.
    """
    document = {
        "output_dir": inputs.selection.output_dir,
        "pull": inputs.pull,
        "flows": [_row(one, one.reply) for one in outcomes if one.reply is not None],
    }
    write_text(report.with_name(NAME), json.dumps(document))


def take_over(report: Path) -> Handover:
    """Read what `hand_over` wrote.

    Args:
        report: The report's file.

    Returns:
        What there is to deploy.
    """
    document = json.loads(report.with_name(NAME).read_bytes())
    settings = read_settings(Path.cwd())
    outcomes = [
        Outcome(
            path=PurePosixPath(row["path"]),
            name=row["name"],
            line=row["line"],
            output=PurePosixPath(row["output"]),
            status=row["status"],
            shares_name=row["shares_name"],
            reply=read_reply(row["reply"].encode()),
            settings=settings.for_flow(row["path"]),
        )
        for row in document["flows"]
    ]
    return Handover(outcomes=outcomes, output_dir=document["output_dir"], pull=document["pull"])


def _row(one: Outcome, reply: Reply) -> dict[str, object]:
    return {
        "path": str(one.path),
        "name": one.name,
        "line": one.line,
        "output": str(one.output),
        "status": one.status,
        "shares_name": one.shares_name,
        "reply": write_reply(reply).decode(),
    }
