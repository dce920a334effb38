"""`mfp convert`: convert one flow."""

import os
from pathlib import Path, PurePosixPath

import click

from mfp.errors import MfpError, PathNotFoundError

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
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="Seconds that loading may take.",
)
@click.option(
    "--missing-imports",
    type=click.Choice(["stub", "error"]),
    default="error",
    show_default=True,
    help="Whether stand-ins take the place of modules that are not installed.",
)
@click.option("--force", is_flag=True, help="Overwrite a generated file that was edited by hand.")
def command(
    flow: str, output: str | None, timeout: float, missing_imports: str, force: bool
) -> int:
    """Convert the flow; see `HELP`."""
    from mfp.convert.outcome import Writing  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.convert.plan import Planned  # noqa: PLC0415
    from mfp.convert.run import Loading, load_one, settle  # noqa: PLC0415
    from mfp.settings import read_settings  # noqa: PLC0415

    path, name = split(flow)
    target = output or f"{Path(path).stem}_prefect.py"
    loading = Loading(
        jobs=1,
        timeout=timeout,
        settings=read_settings(Path.cwd()),
        stub=missing_imports == "stub",
    )
    reply = load_one(Path(path), name, Path(target), loading, "file")
    planned = Planned(
        path=PurePosixPath(path),
        line=1,
        name=reply.name or name or "",
        output=PurePosixPath(target),
    )
    outcome = settle(planned, reply, Writing(force=force))
    if outcome.status == "failed":
        raise MfpError(f"{path}: {(outcome.error or '').rstrip('.')}", outcome.remedy or "")
    if reply.note:
        click.echo(f"mfp: {path}: {reply.note}", err=True)
    click.echo(f"{'Wrote' if outcome.status == 'converted' else 'Unchanged:'} {target}", err=True)
    return 0


def split(flow: str) -> tuple[str, str | None]:
    """Take file and class apart.

    Args:
        flow: What the user wrote.

    Returns:
        The file, and the class if one is named.

    Raises:
        PathNotFoundError: If there is no such file.
    """
    if Path(flow).is_file():
        return flow, None
    path, colon, name = flow.rpartition(":")
    if colon and name.isidentifier() and Path(path).is_file():
        return path, name
    raise PathNotFoundError(os.fspath(path if colon and name.isidentifier() else flow))
