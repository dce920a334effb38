"""What measurements have in common: a measured command, a table, the machine, messages."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

MEASURE = Path(__file__).resolve().parent / "measure.py"
LIMIT = 3600  # seconds until a command is taken for hung


def measured(
    command: Sequence[str], folder: Path, variables: Mapping[str, str]
) -> dict[str, float]:
    """Run a command to its end.

    Args:
        command: The command.
        folder: Where it runs.
        variables: Its environment.

    Returns:
        What it has cost, as `measure.py` tells.

    Raises:
        RuntimeError: If it fails.
    """
    with tempfile.TemporaryDirectory() as place:
        output = Path(place, "cost.json")
        done = subprocess.run(
            [sys.executable, str(MEASURE), str(output), str(LIMIT), *command],
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        cost: dict[str, float] = json.loads(output.read_text(encoding="utf-8"))
    if cost.pop("code"):
        raise RuntimeError(f"{command} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return cost


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out a table for Markdown and for people.

    Args:
        titles: The names of the columns.
        rows: The cells.

    Returns:
        The lines.
    """
    lines = [titles, *rows]
    widths = [max(map(len, place)) for place in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return [
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in lines
    ]


def machine() -> dict[str, str]:
    """Describe what is measured on."""
    return {
        "cores": str(os.cpu_count()),
        "Python": platform.python_version(),
        "Metaflow": version("metaflow"),
        "Prefect": version("prefect"),
    }


def say(text: str) -> None:
    """Tell how far it is, on standard error."""
    print(text, file=sys.stderr, flush=True)
