"""What becomes of a flow, and of its generated file."""

import difflib
import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from metaflow_prefect.errors import MetaflowPrefectError
from metaflow_prefect.generate.generated_file import is_edited
from metaflow_prefect.generate.write import check_output, write_text

from mfp.convert.loading.exchange import Reply
from mfp.settings import FlowSettings

Status = Literal["converted", "unchanged", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A flow at the end of the run.

    Attributes:
        path: The flow's file.
        name: The class; None for a file in which flows cannot be told.
        line: The line of its `class` statement, or of the error in the file.
        output: The generated file; None likewise.
        status: What became of it.
        error: Why it failed, as a sentence without its full stop.
        remedy: What to do next, as a whole sentence.
        error_line: The line of the flow's file at which it failed, where there is one.
        difference: What would change in the generated file, as a unified diff.
        new: Whether there was no generated file before.
        reply: What loading gave, unless it failed.
        shares_name: Whether another flow of the repository has its name.
        settings: What it is converted and deployed with.
    """

    path: PurePosixPath
    name: str | None
    line: int | None
    output: PurePosixPath | None
    status: Status
    error: str | None = None
    remedy: str | None = None
    error_line: int | None = None
    difference: str = ""
    new: bool = False
    reply: Reply | None = None
    shares_name: bool = False
    settings: FlowSettings = field(default_factory=FlowSettings)

    @property
    def location(self) -> str:
        """The flow's file, and the line if it is known."""
        return str(self.path) if self.line is None else f"{self.path}:{self.line}"

    @property
    def reason(self) -> str:
        """Why it failed and what to do next, in one line; empty if it did not."""
        lines = (line.strip() for line in (self.error or "").splitlines())
        text = "; ".join(lines).rstrip(".")
        return f"{text}. {self.remedy}" if self.status == "failed" else ""


class Written(NamedTuple):
    """What became of a generated file.

    Attributes:
        status: Whether it changes.
        difference: What would change, as a unified diff, if it is only checked.
        new: Whether it was not there.
    """

    status: Status
    difference: str = ""
    new: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """How generated files are written.

    Attributes:
        check: Whether to write nothing and to say what would change.
        force: Whether to overwrite generated files that were edited by hand.
    """

    check: bool = False
    force: bool = False


def write_generated(text: str, source: Path, output: Path, how: Writing) -> Written:
    """Bring a generated file to its text.

    Args:
        text: What it should hold.
        source: The flow's file.
        output: The generated file.
        how: How it is written.

    Returns:
        What became of it.

    Raises:
        MetaflowPrefectError: If something else is there, or it cannot be written.
        OSError: If it cannot be read.
    """
    data = output.read_bytes() if output.is_file() else None
    if data == text.encode():
        return Written("unchanged")
    if not how.check:
        output.parent.mkdir(parents=True, exist_ok=True)
    if output.parent.is_dir():
        check_output(output, source)
    if data is not None and not how.force and is_edited(data):
        raise MetaflowPrefectError(
            f"{output} was edited by hand",
            "Make the change in the flow, or overwrite it by --force.",
        )
    if how.check:
        return Written("converted", difference(data, text.encode(), output), data is None)
    write_text(output, text)
    return Written("converted", new=data is None)


def failure(outcome: Outcome) -> str:
    """Give a failure in one line, as compilers do.

    Args:
        outcome: The failed flow.

    Returns:
        Place, class, reason and remedy.
    """
    name = f"{outcome.name}: " if outcome.name else ""
    return f"{outcome.location}: {name}{outcome.reason}"


def said_status(outcome: Outcome, check: bool) -> str:
    """Say what became of a flow, or what would, where nothing is written.

    Args:
        outcome: The flow.
        check: Whether nothing is written.

    Returns:
        A word or two for a reader.
    """
    return "would change" if check and outcome.status == "converted" else outcome.status


def difference(before: bytes | None, after: bytes | None, path: Path) -> str:
    """Write the change of a file as a unified diff.

    Args:
        before: What it holds; None if it is not there.
        after: What it would hold; None if it would be removed.
        path: The file.

    Returns:
        The diff, with a line break at its end.
    """
    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        os.devnull if before is None else str(path),
        os.devnull if after is None else str(path),
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "backslashreplace").splitlines(keepends=True)
