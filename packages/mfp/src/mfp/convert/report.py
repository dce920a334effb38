"""What the user gets to see of a run: a table, or a document for machines."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mfp.convert.outcome import Outcome
from mfp.terminal import plain_table, printable, rich_table

HEADER = ("FLOW", "CLASS", "STATUS", "OUTPUT")


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
    """Print the table, then each failure with its reason and remedy, then the numbers.

    Args:
        outcomes: What became of the flows.
        check: Whether nothing was written.
    """
    rows = [
        (
            printable(place_of(one)),
            printable(one.name or ""),
            one.status,
            printable(str(one.output or "")),
        )
        for one in outcomes
    ]
    show_table(HEADER, rows)
    for one in outcomes:
        if one.status == "failed":
            click.echo(failure(one), err=True)
    count = Counter(one.status for one in outcomes)
    converted = "would change" if check else "converted"
    click.echo(
        f"{count['converted']} {converted}, {count['unchanged']} unchanged, "
        f"{count['failed']} failed.",
        err=True,
    )


def failure(outcome: Outcome) -> str:
    """Give a failure in one line, as compilers do.

    Args:
        outcome: The failed flow.

    Returns:
        Place, class, reason and remedy.
    """
    name = f"{outcome.name}: " if outcome.name else ""
    reason = "; ".join(line.strip() for line in (outcome.error or "").splitlines())
    text = f"{place_of(outcome)}: {name}{reason.rstrip('.')}. {outcome.remedy}"
    return printable(text)


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
    from metaflow_prefect.write import write_text  # noqa: PLC0415  (only with --json)

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
        rows: The cells.
    """
    if rows and sys.stdout.isatty():
        rich_table(header, rows)
    elif rows:
        click.echo(plain_table(header, rows), nl=False)


def place_of(outcome: Outcome) -> str:
    """Give a flow's file and line."""
    return str(outcome.path) if outcome.line is None else f"{outcome.path}:{outcome.line}"
