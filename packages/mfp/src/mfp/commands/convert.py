"""`mfp convert`: convert one flow."""

from pathlib import Path, PurePosixPath
from typing import Any

import click

from mfp.commands.loading import load, split
from mfp.commands.options import config_options, missing_imports_option, timeout_option
from mfp.errors import MfpError

HELP = """Convert one flow to a Prefect flow file.

FILE is loaded as Metaflow loads it, in a process of its own; the result is the same as that of
'python FILE prefect create OUT'. If the file holds several flows, the one is taken that it
starts, unless a class is named.

\b
Examples:
  mfp convert flows/train.py
  mfp convert flows/train.py -o deploy/train_prefect.py
  mfp convert flows/several.py:TrainFlow
  mfp convert flows/train.py --missing-imports stub     without numpy and the like
  mfp convert flows/train.py --config settings prod.json

A config's default that is not found from the current folder is looked for beside FILE.

\b
Exit codes:
  0  the file is written, or was so already
  2  the command line is wrong
  3  the flow cannot be converted
"""


@click.command(name="convert", help=HELP)
@click.argument("flow", metavar="FILE[:CLASS]")
@click.option(
    "-o", "--output", metavar="OUT", help="The file to write. [default: FILE_prefect.py here]"
)
@timeout_option
@missing_imports_option
@config_options
@click.option("--force", is_flag=True, help="Overwrite a generated file that was edited by hand.")
def command(flow: str, output: str | None, force: bool, **given: Any) -> int:
    """Convert the flow; see `HELP`."""
    from mfp.convert.run import settle  # noqa: PLC0415
    from mfp.convert.writing.outcome import Writing  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.convert.writing.plan import Planned  # noqa: PLC0415

    path, name = split(flow)
    target = output or f"{Path(path).stem}_prefect.py"
    reply = load(path, name, Path(target), "file", given)
    planned = Planned(
        path=PurePosixPath(path),
        line=1,
        name=reply.name or "",
        output=PurePosixPath(target),
    )
    outcome = settle(planned, reply, Writing(force=force))
    if outcome.status == "failed":
        raise MfpError(f"{path}: {(outcome.error or '').rstrip('.')}", outcome.remedy or "")
    click.echo(f"{'Wrote' if outcome.status == 'converted' else 'Unchanged:'} {target}", err=True)
    return 0
