"""The click group `mfp` and the edge at which errors become messages and exit codes."""

import os
import sys
import traceback
from dataclasses import dataclass

import click

from mfp.__about__ import __version__
from mfp.commands import COMMANDS
from mfp.errors import explained
from mfp.installation import check_core
from mfp.lazy import LazyGroup
from mfp.terminal import escape_unencodable

INTERRUPTED = 130
BROKEN_PIPE = 141

HELP = """Convert the Metaflow flows of a repository to Prefect.

\b
Examples:
  mfp list              the flows below the current folder
  mfp convert-all       convert them all, to prefect_flows/
  mfp doctor            whether flows can be run and deployed from here
  mfp list --help       what a command takes, and its exit codes

\b
Completion, in your shell's start file:
  eval "$(_MFP_COMPLETE=bash_source mfp)"      or zsh_source; fish:
  _MFP_COMPLETE=fish_source mfp | source

\b
Exit codes of all commands:
  0    all well
  1    --check found differences
  2    the command line is wrong
  3    something failed; what and why is on standard error
  4    something failed, and --check found differences
  5    there are no flows, and --fail-on-empty was given
  70   a defect of mfp itself
  130  interrupted
"""


@dataclass(slots=True)
class State:
    """What the options before the command's name say.

    Attributes:
        debug: Whether an error shows its traceback.
    """

    debug: bool = False


def _set_debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.ensure_object(State).debug = value


@click.group(
    name="mfp",
    cls=LazyGroup,
    entries=COMMANDS,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set_debug,
    help="Show the traceback of an error.",
)
@click.version_option(__version__, prog_name="mfp")
@click.pass_context
def mfp(ctx: click.Context) -> None:
    """Hold the commands; see `HELP`."""
    if ctx.invoked_subcommand != "doctor":  # which tells of it with all else
        check_core()


def run(arguments: list[str]) -> int:
    """Run the command line.

    Args:
        arguments: What follows the program's name.

    Returns:
        The exit code: 0 on success, 2 on wrong usage, 3 if something failed, 70 on a defect of
        ours, 130 if the user interrupted, 141 if the reader of the output went away.
    """
    escape_unencodable(sys.stdout, sys.stderr)
    state = State()
    try:
        result = mfp.main(arguments, prog_name="mfp", standalone_mode=False, obj=state)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (this is the edge)
        return _end(error, state)
    return result if isinstance(result, int) else 0


def _end(error: BaseException, state: State) -> int:
    """Show an error on standard error and give the exit code for it."""
    match error:
        case BrokenPipeError():
            return _leave_pipe()
        case click.ClickException():
            error.show()
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            click.echo("mfp: interrupted.", err=True)
            return INTERRUPTED
    if state.debug:
        traceback.print_exception(error)
    text, code = explained(error)
    click.echo(f"mfp: error: {text}", err=True)
    return code


def _leave_pipe() -> int:
    """End quietly when `mfp … | head` has read enough."""
    # What is still in the buffer would raise once more when the interpreter flushes it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
