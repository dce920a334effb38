"""The report: what one step of the action finds and the next ones read; users may read it too."""

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from metaflow_prefect.generate.write import write_text

from mfp.action.inputs import FailOn, Mode

What: TypeAlias = Literal["new", "changed", "removed", "edited"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """A flow, or a file that cannot be read for flows; paths are relative to the repository.

    Attributes:
        path: The flow's file.
        name: The class; None for such a file.
        line: The line of its `class` statement, or of the error in the file.
        output: The generated file; None likewise, and where flows are only listed.
        status: found, converted, unchanged or failed.
        error: Why it failed, as a sentence without its full stop.
        remedy: What to do next, as a whole sentence.
        error_line: The line of the flow's file at which it failed, where there is one.
    """

    path: str
    name: str | None
    line: int | None
    output: str | None = None
    status: str
    error: str | None = None
    remedy: str | None = None
    error_line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A generated file that changes, or would; paths are relative to the repository.

    Attributes:
        path: The file.
        what: How it changes; `edited` is one that was edited by hand, which stays so.
        flow: The flow's file; None if it is gone.
        line: The line of the flow's `class` statement.
        difference: The beginning of the unified diff, where nothing was written.
    """

    path: str
    what: What
    flow: str | None = None
    line: int | None = None
    difference: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What became of everything.

    Attributes:
        mode: What was done.
        fail_on_error: When flows that fail make the job fail.
        fix: The command that brings all generated files up to date.
        flows: The flows, by path and line.
        changes: The generated files that change.
        edited: The generated files that were to be removed, but are somebody's work.
        kept: The generated files that were to be written, likewise.
        fail_on_empty: Whether the job fails if there are no flows.
        notebooks: Flows in notebooks, which cannot be converted.
        deployments: What became of each deployment, as `mfp deploy` tells it.
    """

    mode: Mode
    fail_on_error: FailOn
    fix: str
    flows: tuple[Flow, ...] = ()
    changes: tuple[Change, ...] = ()
    edited: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    fail_on_empty: bool = False
    notebooks: tuple[str, ...] = ()
    deployments: tuple[dict[str, Any], ...] = ()

    @property
    def failed(self) -> tuple[Flow, ...]:
        """The flows that failed."""
        return tuple(one for one in self.flows if one.status == "failed")

    @property
    def drift(self) -> bool:
        """Whether generated files are not what they should be, where that was the question."""
        return self.mode == "check" and bool(self.changes)


def sentence(error: str | None, remedy: str | None) -> str:
    """Join what went wrong and what to do next.

    Args:
        error: What went wrong, with or without a full stop; None if nothing did.
        remedy: What to do next, as a whole sentence; None if there is nothing.

    Returns:
        Both, or an empty text.
    """
    return " ".join(filter(None, (error and f"{error.rstrip('.')}.", remedy)))


def new_report(folder: Path, report: Report) -> Path:
    """Write a report to a new file.

    Args:
        folder: The folder for files that last as long as the job.
        report: The report.

    Returns:
        The file.
    """
    path = Path(tempfile.mkdtemp(prefix="mfp-", dir=folder)) / "report.json"
    write_report(path, report)
    return path


def write_report(path: Path, report: Report) -> None:
    """Write a report.

    Args:
        path: The file.
        report: The report.
    """
    document = asdict(report) | {"flows": [row(flow) for flow in report.flows]}
    write_text(path, json.dumps(document, indent=2) + "\n")


def read_report(path: Path) -> Report:
    """Read what `write_report` wrote.

    Args:
        path: The file.

    Returns:
        The report.
    """
    document = json.loads(path.read_bytes())
    kinds = {"flows": _flow, "changes": lambda one: Change(**one)}
    lists = ("flows", "changes", "edited", "kept", "notebooks", "deployments")
    return Report(
        **document | {name: tuple(map(kinds.get(name, _same), document[name])) for name in lists}
    )


def row(flow: Flow) -> dict[str, Any]:
    """Give a flow as `mfp convert-all --json` writes it."""
    return {"class" if name == "name" else name: value for name, value in asdict(flow).items()}


def _flow(one: dict[str, Any]) -> Flow:
    return Flow(**{"name" if name == "class" else name: value for name, value in one.items()})


def _same(one: Any) -> Any:
    return one
