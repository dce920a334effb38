"""`mfp show`: the graph of a flow."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mfp.commands.loading import load, split
from mfp.commands.options import config_options, missing_imports_option, timeout_option

if TYPE_CHECKING:
    from mfp.convert.loading.exchange import Form

HELP = """Show the graph of the flow in FILE: its parameters, and its steps with where they go.

The flow is loaded as by 'mfp convert', in a process of its own.

\b
Examples:
  mfp show flows/train.py
  mfp show flows/several.py:TrainFlow
  mfp show flows/train.py --format dot | dot -Tsvg > train.svg
  mfp show flows/train.py --format mermaid     for Markdown, in a block of mermaid
  mfp show flows/train.py --format json | jq -r '.steps[].name'

\b
JSON: an object with
  name, description
  parameters  name, kind, default, required, help
  steps       name, kind, next, closes, retries, description

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
    type=click.Choice(["text", "mermaid", "dot", "json"]),
    default="text",
    show_default=True,
    help="How it is drawn.",
)
@timeout_option
@missing_imports_option
@config_options
def command(flow: str, form: "Form", **given: Any) -> int:
    """Show the graph; see `HELP`."""
    path, name = split(flow)
    output = Path(f"{path}.graph")
    reply = load(path, name, output, form, given)
    click.echo(reply.text, nl=False)
    return 0
