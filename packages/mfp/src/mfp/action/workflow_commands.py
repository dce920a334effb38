"""Workflow commands: lines by which a step speaks to GitHub's runner."""

import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from typing import Literal

import click

MOST = 10  # GitHub shows no more annotations of a step


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """An error, or a warning, at a place.

    Attributes:
        title: What it is about, in a few words.
        message: What is wrong and what to do next; may have several lines.
        path: The file, relative to the repository; None for no file.
        line: The line, from 1; None for the whole file.
        level: How bad it is.
    """

    title: str
    message: str
    path: str | None = None
    line: int | None = None
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        """Give the command, in one line."""
        found = {"file": self.path, "line": self.line, "title": self.title}
        properties = ",".join(
            f"{name}={_property(str(value))}" for name, value in found.items() if value is not None
        )
        return f"::{self.level} {properties}::{data(self.message)}"


def annotate(annotations: Sequence[Annotation]) -> None:
    """Print annotations, as many as GitHub shows.

    Args:
        annotations: The annotations, the most important first.
    """
    for one in annotations[:MOST]:
        click.echo(str(one))
    if len(annotations) > MOST:
        click.echo(f"{len(annotations) - MOST} more are in the job's summary.")


@contextmanager
def plain_output() -> Iterator[None]:
    """Have nothing that is printed meanwhile taken for a command.

    Both streams become one: the runner reads them apart, so that a line on the other one could
    come after the end.
    """
    token = secrets.token_hex(16)
    with redirect_stderr(sys.stdout):
        click.echo(f"::stop-commands::{token}")
        try:
            yield
        finally:
            click.echo(f"::{token}::")


def data(text: str) -> str:
    """Write any text as a command has it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return data(text).replace(":", "%3A").replace(",", "%2C")
