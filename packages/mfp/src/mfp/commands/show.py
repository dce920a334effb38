"""`mfp show`: the graph of a flow."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mfp.commands.convert import split
from mfp.errors import MfpError

if TYPE_CHECKING:
    from mfp.convert.exchange import Form

HELP = """Show the graph of the flow in FILE: its parameters, and its steps with where they go.

The flow is loaded as by 'mfp convert', in a process of its own.

\b
Examples:
  mfp show flows/train.py
  mfp show flows/several.py:TrainFlow
  mfp show flows/train.py --format dot | dot -Tsvg > train.svg
  mfp show flows/train.py --format mermaid     for Markdown, in a block of mermaid

\b
Exit codes:
  0  all well
  2  the command line is wrong
  3  the flow cannot be loaded
"""


@click.command(name="show", help=HELP)
@click.argument("flow", metavar="FILE[:CLASS]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "dot"]),
    default="text",
    show_default=True,
    help="How it is drawn.",
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
def command(flow: str, form: "Form", timeout: float, missing_imports: str) -> int:
    """Show the graph; see `HELP`."""
    from mfp.convert.run import Loading, load_one  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.settings import read_settings  # noqa: PLC0415

    path, name = split(flow)
    settings = read_settings(Path.cwd())
    stub = missing_imports == "stub"
    loading = Loading(jobs=1, timeout=timeout, settings=settings, stub=stub)
    reply = load_one(Path(path), name, Path(f"{path}.graph"), loading, form)
    if reply.text is None:
        raise MfpError(f"{path}: {(reply.error or '').rstrip('.')}", reply.remedy or "")
    if reply.note:
        click.echo(f"mfp: {path}: {reply.note}", err=True)
    click.echo(reply.text, nl=False)
    return 0
