"""Text for a terminal, a pipe or a log: nothing in it can break a line or fail to encode."""

import io
from collections.abc import Iterable, Sequence
from typing import Literal, TextIO, TypeAlias

Verbosity: TypeAlias = Literal["quiet", "normal", "verbose"]


def escape_unencodable(*streams: TextIO) -> None:
    """Have characters that a stream cannot encode written as escapes.

    Args:
        streams: The streams; those that are no text files are left alone.
    """
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """Escape what is not printable, such as line breaks and terminal codes in a file's name.

    Args:
        text: Any text.

    Returns:
        The text in one line.
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text
    )


def plain_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table for a pipe or a log: columns by spaces, nothing shortened.

    Args:
        header: The names of the columns.
        rows: The cells, as many a row as there are names.

    Returns:
        The lines, each with its line break.
    """
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )


def rich_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table to the terminal, in its width: long cells go on in further lines.

    Args:
        header: The names of the columns.
        rows: The cells, as many a row as there are names.
    """
    from rich import box  # noqa: PLC0415  (rich costs 70 ms, needed on a terminal only)
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


def nothing_found(paths: Iterable[str]) -> str:
    """Say that there are no flows.

    Args:
        paths: Where they were looked for.

    Returns:
        The sentence.
    """
    places = ["the current folder" if path == "." else path for path in paths]
    return f"No flows found in {printable(', '.join(places))}."
