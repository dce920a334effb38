"""What the user gets to see of a conversion: a table, or a document for machines."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from mfp.convert.loading.exchange import Reply
from mfp.convert.writing.outcome import Outcome, failure, said_status
from mfp.convert.writing.stale import Fate, StaleFile
from mfp.discover import NotebookFlow
from mfp.terminal import Verbosity, plain_table, printable, rich_table

REMOVED: tuple[Fate, ...] = ("removed", "would be removed")
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
            **_loaded(one.reply or Reply()),
        }
        for one in outcomes
    ]
    return json.dumps({"flows": flows, **more}, indent=2) + "\n"


def _loaded(reply: Reply) -> dict[str, Any]:
    configs = {
        name: None if path is None else os.path.relpath(path)
        for name, path in reply.configs.items()
    }
    return {"note": reply.note, "configs": configs, "stand_ins": list(reply.stand_ins)}


def show(
    outcomes: Sequence[Outcome],
    stale: Sequence[StaleFile] = (),
    *,
    check: bool,
    verbosity: Verbosity,
) -> None:
    """Print a table of what changed and what failed, and the numbers to standard error.

    Args:
        outcomes: What became of the flows.
        stale: What became of the files that are no flow's any more.
        check: Whether nothing was written.
        verbosity: `verbose` shows what is unchanged, too; `quiet` only what failed.
    """
    if verbosity != "quiet":
        shown = [one for one in outcomes if verbosity == "verbose" or one.status != "unchanged"]
        rows = [
            (one.location, one.name or "", said_status(one, check), _last(one)) for one in shown
        ]
        show_table(HEADER, rows)
    show_failures(outcomes, in_table=verbosity != "quiet")
    if verbosity != "quiet":
        click.echo(f"{_numbers(outcomes, stale, check=check)}.", err=True)


def _last(outcome: Outcome) -> str:
    """Give the last cell of a flow's row."""
    modules = outcome.reply.stand_ins if outcome.reply else ()
    with_what = f" (stubs for {', '.join(modules)})" if modules else ""
    return f"{outcome.reason or outcome.output or ''}{with_what}"


def _numbers(outcomes: Sequence[Outcome], stale: Sequence[StaleFile], *, check: bool) -> str:
    count = Counter(one.status for one in outcomes)
    converted = "would change" if check else "converted"
    text = f"{count['converted']} {converted}, {count['unchanged']} unchanged, "
    text += f"{count['failed']} failed"
    fates = Counter(one.fate for one in stale)
    text += "".join(f", {fates[fate]} {fate}" for fate in REMOVED if fates[fate])
    stubbed = [one.reply.stand_ins for one in outcomes if one.reply and one.reply.stand_ins]
    if stubbed:
        modules = sorted({module for modules in stubbed for module in modules})
        text += f"; {len(stubbed)} with stubs for {', '.join(modules)}"
    return text


def show_failures(outcomes: Iterable[Outcome], *, in_table: bool = True) -> None:
    """Print the failures to standard error, unless the table with them goes to the same place.

    Args:
        outcomes: What became of the flows.
        in_table: Whether they are in a table on standard output.
    """
    if in_table and _is_one_place():
        return
    for one in outcomes:
        if one.status == "failed":
            click.echo(printable(failure(one)), err=True)


def _is_one_place() -> bool:
    """Say whether standard output and error are one terminal, file or pipe."""
    try:
        return os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())
    except (OSError, ValueError):  # one of them is closed, or no file
        return False


def show_notes(outcomes: Iterable[Outcome], verbosity: Verbosity) -> None:
    """Print what there is to know about flows that were converted.

    Args:
        outcomes: What became of the flows.
        verbosity: `quiet` says nothing.
    """
    for one in outcomes:
        if verbosity != "quiet" and one.reply is not None and one.reply.note:
            click.echo(printable(f"{one.location}: {one.name}: {one.reply.note}"), err=True)


def show_notebooks(notebooks: Sequence[NotebookFlow]) -> None:
    """Mention flows in notebooks.

    Args:
        notebooks: The flows.
    """
    for flow in notebooks:
        click.echo(printable(str(flow)), err=True)


def show_changes(
    outcomes: Sequence[Outcome], stale: Sequence[StaleFile], *, diffs: bool = True
) -> None:
    """Print what would change, and what becomes of files that are no flow's any more.

    Args:
        outcomes: What became of the flows.
        stale: The files.
        diffs: Whether to print the diffs, or only the names of the files.
    """
    for one in outcomes:
        if one.difference:
            click.echo(f"{'new' if one.new else 'changed'}: {printable(str(one.output))}")
            click.echo(one.difference * diffs, nl=False)
    for file in stale:
        place = printable(str(file.path))
        if file.fate == "would be removed":
            click.echo(f"removed: {place}")
            click.echo(file.difference * diffs, nl=False)
        elif file.fate == "removed":
            click.echo(f"removed: {place}", err=True)
        elif file.fate == "edited":
            text = f"{place}: {printable(file.reason)}, but it was edited by hand. "
            click.echo(text + "Move it away, or remove it by --prune --force.", err=True)
        else:
            text = f"{place}: {printable(file.reason)}. Remove it by --prune."
            click.echo(text, err=True)


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
