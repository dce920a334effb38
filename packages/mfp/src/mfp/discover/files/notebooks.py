"""Read the code cells of a notebook as one module."""

import ast
import json
from dataclasses import dataclass

from mfp.discover.files.source import EXCLUDE, UnreadableError, parse

_REMEDY = f"Save the notebook again in Jupyter, or {EXCLUDE}."


@dataclass(frozen=True, slots=True)
class Notebook:
    """The code of a notebook.

    Attributes:
        tree: The statements of all code cells that are Python, their lines counted through.
        starts: For each of these cells its number among all cells, from 1, and how many lines
            of code precede it.
    """

    tree: ast.Module
    starts: tuple[tuple[int, int], ...]

    def place(self, line: int) -> tuple[int, int]:
        """Turn a line of the tree into a cell's number and the line in that cell."""
        cell, before = max(
            (start for start in self.starts if start[1] < line), key=lambda start: start[1]
        )
        return cell, line - before


def read_notebook(data: bytes) -> Notebook:
    """Parse a notebook's code cells; a cell that is not Python is passed over.

    Args:
        data: The bytes of the notebook.

    Returns:
        Its code.

    Raises:
        UnreadableError: If the file is not a notebook.
    """
    body: list[ast.stmt] = []
    starts: list[tuple[int, int]] = []
    line = 0
    for number, text in _code_cells(data):
        try:
            cell = parse(_without_magics(text))
        except UnreadableError:
            continue
        ast.increment_lineno(cell, line)
        starts.append((number, line))
        body += cell.body
        line += len(text.splitlines()) + 1
    return Notebook(ast.Module(body=body, type_ignores=[]), tuple(starts))


def _code_cells(data: bytes) -> list[tuple[int, str]]:
    """Give number and text of each code cell."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(None, f"is not a notebook: {error}", _REMEDY) from error
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError(None, "is not a notebook of version 4: it has no cells", _REMEDY)
    found = []
    for number, cell in enumerate(cells, start=1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            lines = source if isinstance(source, list) else [source]
            found.append((number, "".join(line for line in lines if isinstance(line, str))))
    return found


def _without_magics(text: str) -> str:
    """Blank IPython's own lines, keeping the number of lines; cells of another language whole."""
    first = text.lstrip()
    if first.startswith("%%") and not first.startswith(("%%time", "%%capture", "%%prun")):
        return ""
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!", "?")) else line for line in text.split("\n")
    )
