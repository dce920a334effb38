"""`mfp convert`: convert one flow."""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import click

from mfp.commands.loading import LoadFailedError, load, split
from mfp.commands.options import (
    config_options,
    missing_imports_option,
    runtime_option,
    timeout_option,
)
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
JSON: as of 'mfp convert-all', with this one flow

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
@runtime_option
@config_options
@click.option("--force", is_flag=True, help="Overwrite a generated file that was edited by hand.")
@click.option("--json", "json_file", metavar="FILE", help="Write the result; - is stdout.")
def command(
    *, flow: str, output: str | None, force: bool, json_file: str | None, **given: Any
) -> int:
    """Convert the flow; see `HELP`."""
    from mfp.convert.loading.exchange import Reply  # noqa: PLC0415
    from mfp.convert.report import write_document  # noqa: PLC0415
    from mfp.convert.run import write_outcome  # noqa: PLC0415
    from mfp.convert.writing.outcome import Writing  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.convert.writing.plan import Planned  # noqa: PLC0415

    path, name = split(flow)
    target = output or f"{Path(path).stem}_prefect.py"
    planned = Planned(
        path=PurePosixPath(path), line=None, name=name or "", output=PurePosixPath(target)
    )
    try:
        reply = load(path, name, Path(target), "file", given)
        outcome = write_outcome(
            replace(planned, name=reply.name or ""), reply, Writing(force=force)
        )
    except LoadFailedError as error:
        reply = Reply(error=error.message, remedy=error.remedy)
        outcome = write_outcome(planned, reply, Writing(force=force))
    if json_file is not None:
        write_document(json_file, [outcome])
    if outcome.status == "failed":
        raise MfpError(f"{path}: {(outcome.error or '').rstrip('.')}", outcome.remedy or "")
    click.echo(f"{'Wrote' if outcome.status == 'converted' else 'Unchanged:'} {target}", err=True)
    return 0
