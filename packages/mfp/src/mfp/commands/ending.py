"""How the commands end that are about many flows: their last remarks, and their exit codes."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from mfp.convert.report import show_notebooks, show_notes
from mfp.terminal import nothing_found, printable

if TYPE_CHECKING:
    from mfp.convert.repository import Converted
    from mfp.convert.selection import Selection

DIFFERS = 1
USAGE = 2
FAILED = 3
FAILED_AND_DIFFERS = 4
EMPTY = 5


def show_remarks(converted: "Converted", selection: "Selection") -> int:
    """Print what there is to know beside the flows' own results.

    Args:
        converted: What became of the flows.
        selection: Which were asked for.

    Returns:
        The exit code for that.
    """
    show_notes(converted.outcomes, selection.verbosity)
    show_notebooks(converted.notebooks)
    for warning in converted.warnings:
        click.echo(printable(f"mfp: warning: {warning}"), err=True)
    for error in converted.errors:
        click.echo(printable(f"mfp: error: {error}"), err=True)
    empty = not converted.planned and not converted.outcomes
    if empty:
        text = nothing_found(selection.paths)
        click.echo(f"mfp: error: {text}" if selection.fail_on_empty else text, err=True)
    if converted.errors:
        return USAGE
    return EMPTY if empty and selection.fail_on_empty else 0


def exit_code(codes: Collection[int]) -> int:
    """Make one exit code of several.

    Args:
        codes: The codes of what has happened.
    """
    if USAGE in codes:
        return USAGE
    return FAILED_AND_DIFFERS if {DIFFERS, FAILED} <= set(codes) else max(codes, default=0)
