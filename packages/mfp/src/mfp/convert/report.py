"""What the user gets to see of a run: a table, or a document for machines."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mfp.convert.writing.gone import Removal
from mfp.convert.writing.outcome import Outcome, failure
from mfp.discover import NotebookFlow
from mfp.terminal import plain_table, printable, rich_table

HEADER = ("FLOW", "CLASS", "STATUS", "OUTPUT, OR REASON AND REMEDY")


def document(outcomes: Sequence[Outcome], **more: list[dict[str, Any]]) -> str:
    """Write the outcomes as JSON.

    Args:
        outcomes: What became of the flows.
        more: Further lists, by the names that they have in the document.

    Returns:
        The JSON text, in ASCII, with a line break at its end.
    """
    flows = [
        {
            "path": str(one.path),
            "class": one.name,
            "line": one.line,
            "output": None if one.output is None else str(one.output),
            "status": one.status,
            "error": one.error,
            "remedy": one.remedy,
        }
        for one in outcomes
    ]
    return json.dumps({"flows": flows, **more}, indent=2) + "\n"


def show(outcomes: Sequence[Outcome], *, check: bool) -> None:
    """Print the table, and the numbers to standard error.

    Args:
        outcomes: What became of the flows.
        check: Whether nothing was written.
    """
    rows = [
        (one.place, one.name or "", one.status, str(one.reason or one.output or ""))
        for one in outcomes
    ]
    show_table(HEADER, rows)
    show_failures(outcomes)
    count = Counter(one.status for one in outcomes)
    converted = "would change" if check else "converted"
    click.echo(
        f"{count['converted']} {converted}, {count['unchanged']} unchanged, "
        f"{count['failed']} failed.",
        err=True,
    )


def show_failures(outcomes: Sequence[Outcome]) -> None:
    """Print the failures that standard error does not tell of yet.

    Args:
        outcomes: What became of the flows.
    """
    if sys.stderr.isatty() and sys.stdout.isatty():
        return  # the table is there
    for one in outcomes:
        # Plain lines of progress are there for all flows that were loaded.
        if one.status == "failed" and (sys.stderr.isatty() or one.output is None):
            click.echo(printable(failure(one)), err=True)


def show_notes(outcomes: Sequence[Outcome]) -> None:
    """Print what there is to know about flows that were converted.

    Args:
        outcomes: What became of the flows.
    """
    for one in outcomes:
        if one.reply is not None and one.reply.note:
            click.echo(printable(f"{one.place}: {one.name}: {one.reply.note}"), err=True)


def show_notebooks(notebooks: Sequence[NotebookFlow]) -> None:
    """Mention flows in notebooks.

    Args:
        notebooks: The flows.
    """
    for flow in notebooks:
        text = f"{flow.path}: cell {flow.cell}: {flow.name} is in a notebook and cannot be "
        click.echo(printable(text + "converted. Move the class into a .py file."), err=True)


def show_changes(
    outcomes: Sequence[Outcome], removals: Sequence[Removal], *, diffs: bool = True
) -> None:
    """Print what would change, and what becomes of files whose flow is gone.

    Args:
        outcomes: What became of the flows.
        removals: The files.
        diffs: Whether to print the diffs, or only the names of the files.
    """
    for one in outcomes:
        if one.difference:
            click.echo(f"{'new' if one.new else 'changed'}: {printable(str(one.output))}")
            click.echo(one.difference * diffs, nl=False)
    for file in removals:
        place = printable(str(file.path))
        if file.fate == "would be removed":
            click.echo(f"removed: {place}")
            click.echo(file.difference * diffs, nl=False)
        elif file.fate == "edited":
            text = f"{place}: its flow is gone, but it was edited by hand. "
            click.echo(text + "Move it away, or remove it by --prune --force.", err=True)
        elif file.fate == "removed":
            click.echo(f"removed: {place}", err=True)
    if kept := [printable(str(one.path)) for one in removals if one.fate == "kept"]:
        text = f"The flow is gone of {', '.join(kept)}; "
        click.echo(f"{text}--prune removes what was generated.", err=True)


def write_document(path: str, outcomes: Sequence[Outcome], **more: list[dict[str, Any]]) -> None:
    """Write the document to a file.

    Args:
        path: The file; `-` is standard output.
        outcomes: What became of the flows.
        more: Further lists, by the names that they have in the document.

    Raises:
        OSError: If it cannot be written.
    """
    text = document(outcomes, **more)
    if path == "-":
        click.echo(text, nl=False)
        return
    from metaflow_prefect.generate.write import write_text  # noqa: PLC0415  (only with --json)

    target = Path(path).resolve()
    if target.exists() and not target.is_file():  # a device or a pipe is not to be replaced
        target.write_text(text, encoding="ascii")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    write_text(target, text)


def show_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, if it has rows: for the terminal, or for a pipe or a log.

    Args:
        header: The names of the columns.
        rows: The cells, any text.
    """
    rows = [tuple(map(printable, row)) for row in rows]
    if rows and sys.stdout.isatty():
        rich_table(header, rows)
    elif rows:
        click.echo(plain_table(header, rows), nl=False)
