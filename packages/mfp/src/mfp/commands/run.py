"""`mfp run`: run one flow with Prefect."""

import shlex
from pathlib import Path
from typing import Any

import click

from mfp.commands.loading import load, split
from mfp.commands.options import config_options, timeout_option

HELP = """Run the flow in FILE with Prefect, leaving no file.

The flow is converted in a folder of its own, which is removed afterwards. All that follows FILE is
for the flow: its parameters, and the options that generated files have.

\b
Examples:
  mfp run flows/train.py
  mfp run flows/train.py --alpha 0.1 --max-workers 4
  mfp run flows/several.py:TrainFlow
  mfp run flows/train.py -- --help             what the flow takes

\b
Exit codes:
  0         the Metaflow run was successful
  1         it was not
  2         the command line is wrong
  3         the flow cannot be converted
  130, 143  it was stopped, by Ctrl-C or by SIGTERM
"""


@click.command(
    name="run",
    help=HELP,
    # What is for the flow is not looked at.
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
)
@timeout_option
@config_options
@click.argument("flow", metavar="FILE[:CLASS]")
@click.argument("arguments", metavar="[ARGUMENTS]...", nargs=-1, type=click.UNPROCESSED)
def command(flow: str, arguments: tuple[str, ...], **given: Any) -> int:
    """Run the flow; see `HELP`."""
    from metaflow_prefect.generate.run_once import run_once  # noqa: PLC0415  (not for `--help`)

    path, name = split(flow)
    words = arguments[1:] if arguments[:1] == ("--",) else arguments
    again = f"--resumed-by=mfp run {shlex.quote(flow)} --resume"

    def text(target: Path) -> str:
        return load(path, name, target, "file", given).text or ""

    return run_once(Path(path), text, (again, *words))
