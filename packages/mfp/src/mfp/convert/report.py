"""What the user gets to see of a run: a table, or a document for machines."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from mfp.convert.everything import Converted
from mfp.convert.outcome import Outcome
from mfp.terminal import plain_table, printable, rich_table

HEADER = ("FLOW", "CLASS", "STATUS", "OUTPUT")


def document(outcomes: Sequence[Outcome]) -> str:
    """Write the outcomes as JSON.

    Args:
        outcomes: What became of the flows.

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
    return json.dumps({"flows": flows}, indent=2) + "\n"


def show(outcomes: Sequence[Outcome], *, check: bool) -> None:
    """Print the table, then each failure with its reason and remedy, then the numbers.

    Args:
        outcomes: What became of the flows.
        check: Whether nothing was written.
    """
    rows = [
        (
            printable(_place(one)),
            printable(one.name or ""),
            one.status,
            printable(str(one.output or "")),
        )
        for one in outcomes
    ]
    if rows and sys.stdout.isatty():
        rich_table(HEADER, rows)
    elif rows:
        click.echo(plain_table(HEADER, rows), nl=False)
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


def show_rest(done: Converted, *, differences: bool = True) -> None:
    """Print what is no flow's own: notebooks, what would change, files whose flow is gone.

    Args:
        done: What became of everything.
        differences: Whether to print the diffs, or only the names of the files.
    """
    for flow in done.notebooks:
        text = f"{flow.path}: cell {flow.cell}: {flow.name} is in a notebook and cannot be "
        click.echo(printable(text + "converted. Move the class into a .py file."), err=True)
    for one in done.outcomes:
        if one.difference:
            click.echo(f"{'new' if one.new else 'changed'}: {printable(str(one.output))}")
            click.echo(one.difference * differences, nl=False)
    for file in done.removals:
        place = printable(str(file.path))
        if file.fate == "would be removed":
            click.echo(f"removed: {place}")
            click.echo(file.difference * differences, nl=False)
        elif file.fate == "edited":
            text = f"{place}: its flow is gone, but it was edited by hand. "
            click.echo(text + "Move it away, or remove it by --prune --force.", err=True)
        elif file.fate == "removed":
            click.echo(f"removed: {place}", err=True)
    if kept := [printable(str(one.path)) for one in done.removals if one.fate == "kept"]:
        text = f"The flow is gone of {', '.join(kept)}; "
        click.echo(f"{text}--prune removes what was generated.", err=True)


def failure(outcome: Outcome) -> str:
    """Give a failure in one line, as compilers do.

    Args:
        outcome: The failed flow.

    Returns:
        Place, class, reason and remedy.
    """
    name = f"{outcome.name}: " if outcome.name else ""
    reason = "; ".join(line.strip() for line in (outcome.error or "").splitlines())
    text = f"{_place(outcome)}: {name}{reason.rstrip('.')}. {outcome.remedy}"
    return printable(text)


def write_document(path: str, outcomes: Sequence[Outcome]) -> None:
    """Write the document to a file.

    Args:
        path: The file; `-` is standard output.
        outcomes: What became of the flows.

    Raises:
        OSError: If it cannot be written.
    """
    text = document(outcomes)
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


def _place(outcome: Outcome) -> str:
    return str(outcome.path) if outcome.line is None else f"{outcome.path}:{outcome.line}"
