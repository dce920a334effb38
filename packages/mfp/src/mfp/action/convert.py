"""Find and convert flows as the inputs say, and report what became of them."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from metaflow_prefect.generate.generated_file import is_edited, is_generated

from mfp.action.inputs import Inputs
from mfp.action.report import Change, Flow, Report
from mfp.action.runner import Runner
from mfp.convert.report import show, show_changes, show_notebooks
from mfp.convert.repository import (
    Converted,
    convert_repository,
    discover_selection,
    unreadable,
)
from mfp.convert.writing.outcome import Outcome
from mfp.convert.writing.stale import StaleFile, handle_stale_files
from mfp.discover import NotebookFlow
from mfp.settings import read_settings

if TYPE_CHECKING:
    from mfp.deploy.prefect_yaml.file import FileUpdate

Said: TypeAlias = Callable[[str], str]

MOST_LINES = 300  # of a file's diff


def list_flows(inputs: Inputs, runner: Runner, said: Said) -> Report:
    """Find flows by reading source only.

    Args:
        inputs: The inputs.
        runner: Where the step is.
        said: Says a remedy in terms of the action's inputs.

    Returns:
        The report.
    """
    found = discover_selection(inputs.selection, read_settings(Path.cwd()))
    part = inputs.selection.part.part  # of each kind, as where flows are converted
    flows = [
        Flow(path=runner.shown(one.path), name=one.name, line=one.line, status="found")
        for one in part(list(found.flows))
    ]
    flows += [_flow(one, runner, said) for one in part(list(unreadable(found)))]
    flows.sort(key=lambda one: (one.path, one.line or 0))
    return Report(
        mode=inputs.mode,
        fail_on_error=inputs.fail_on_error,
        fix=fix(inputs, runner.shown(Path.cwd())),
        flows=tuple(flows),
        fail_on_empty=_fails_if_empty(inputs),
        notebooks=_notebooks(found.notebooks, runner),
    )


def convert_flows(inputs: Inputs, runner: Runner, said: Said) -> tuple[Report, list[Outcome]]:
    """Convert flows, or say what would change, and print it as `mfp convert-all` does.

    Args:
        inputs: The inputs.
        runner: Where the step is.
        said: Says a remedy in terms of the action's inputs.

    Returns:
        The report, and what became of the flows.
    """
    done = convert_repository(inputs.selection, inputs.writing, read_settings(Path.cwd()))
    # What is gone belongs to no flow, and so to the first part.
    first = inputs.selection.part.number == 1
    folder = Path(inputs.selection.output_dir)
    prune = inputs.prune
    removals = (
        handle_stale_files(folder, done.project, inputs.writing, prune=prune) if first else []
    )
    show(done.outcomes, removals, check=inputs.writing.check, verbosity="normal")
    show_notebooks(done.notebooks)
    show_changes(done.outcomes, removals, diffs=False)  # they are in the summary
    kept = _keep(inputs, done)
    problems = {} if kept is None else {id(flow): reason for flow, reason in kept.problems}
    edited = [one for one in done.outcomes if one.status == "failed" and _is_edited(one.output)]
    drifted = edited if inputs.mode == "check" else []
    report = Report(
        mode=inputs.mode,
        fail_on_error=inputs.fail_on_error,
        fix=fix(inputs, runner.shown(Path.cwd())),
        flows=tuple(_flow(one, runner, said, problems.get(id(one))) for one in done.outcomes),
        changes=tuple(_changes(done.outcomes, removals, kept, drifted, runner)),
        kept=tuple(runner.shown(one.output) for one in edited if one.output),
        fail_on_empty=_fails_if_empty(inputs),
        edited=tuple(runner.shown(one.path) for one in removals if one.fate == "edited"),
        notebooks=_notebooks(done.notebooks, runner) if first else (),
    )
    return report, done.outcomes


def _keep(inputs: Inputs, done: Converted) -> "FileUpdate | None":
    if inputs.prefect_yaml is None:
        return None
    from mfp.deploy.prefect_yaml.file import show_update, update_file  # noqa: PLC0415  (seldom needed)

    path = Path(inputs.prefect_yaml)
    kept = update_file(path, done, inputs.writing, inputs.work_pool, inputs.pull)
    show_update(kept, diff=False)
    return kept


def fix(inputs: Inputs, folder: str) -> str:
    """Give the command that brings all generated files up to date.

    Args:
        inputs: What was to be converted, and how.
        folder: The folder that paths are relative to, relative to the repository's.

    Returns:
        A command for a shell, whatever is in the names.
    """
    selection = inputs.selection
    words = ["mfp", "convert-all", *selection.paths, "--output-dir", selection.output_dir]
    for name in ("include", "exclude"):
        for pattern in getattr(selection, name):
            words += [f"--{name}", pattern]
    if selection.runtime is not None:
        words += ["--runtime", selection.runtime]
    for option in ("config", "config-value"):
        for pair in getattr(selection, option.replace("-", "_")):
            words += [f"--{option}", *pair]
    if selection.missing_imports == "stub":
        words += ["--missing-imports", "stub"]
    if inputs.prefect_yaml is not None:
        words += ["--prefect-yaml", inputs.prefect_yaml]
        words += ["--work-pool", inputs.work_pool] if inputs.work_pool else []
        words += ["--pull", inputs.pull] if inputs.pull else []
    enter = [] if folder == "." else [["cd", folder]]
    return " && ".join(shlex.join(one) for one in (*enter, [*words, "--prune"]))


def _changes(
    outcomes: Sequence[Outcome],
    removals: Sequence[StaleFile],
    kept: "FileUpdate | None",
    edited: Sequence[Outcome],
    runner: Runner,
) -> Iterator[Change]:
    for one in edited:
        path, flow = runner.shown(one.output or ""), runner.shown(one.path)
        yield Change(path=path, what="edited", flow=flow, line=one.line)
    for one in outcomes:
        if one.status == "converted":
            yield Change(
                path=runner.shown(one.output or PurePosixPath()),
                what="new" if one.new else "changed",
                flow=runner.shown(one.path),
                line=one.line,
                difference=_beginning(one.difference),
            )
    if kept is not None and kept.change is not None:
        text = _beginning(kept.difference)
        yield Change(path=runner.shown(kept.path), what=kept.change, difference=text)
    for file in removals:
        if file.fate in {"removed", "would be removed"}:
            text = _beginning(file.difference)
            yield Change(path=runner.shown(file.path), what="removed", difference=text)


def _is_edited(output: PurePosixPath | None) -> bool:
    path = Path(output or "")
    return path.is_file() and is_generated(path) and is_edited(path.read_bytes())


def _fails_if_empty(inputs: Inputs) -> bool:
    return inputs.selection.fail_on_empty and inputs.selection.part.of == 1


def _beginning(difference: str) -> str:
    """Cut a diff to what a person reads: a flow's own part of a file comes first in it."""
    lines = difference.splitlines(keepends=True)
    left = len(lines) - MOST_LINES
    return "".join(lines[:MOST_LINES]) + (f"… and {left} more lines\n" if left > 0 else "")


def _flow(one: Outcome, runner: Runner, said: Said, unfit: str | None = None) -> Flow:
    """Tell of a flow; `unfit` is why it is converted, but cannot be in the `prefect.yaml`."""
    remedy = one.remedy and said(one.remedy)
    return Flow(
        path=runner.shown(one.path),
        name=one.name,
        line=one.line,
        output=None if one.output is None else runner.shown(one.output),
        status="failed" if unfit else one.status,
        error=unfit or one.error,
        remedy="Change the flow's decorators accordingly." if unfit else remedy,
        error_line=one.error_line,
    )


def _notebooks(found: tuple[NotebookFlow, ...], runner: Runner) -> tuple[str, ...]:
    return tuple(f"{runner.shown(one.path)}: cell {one.cell}: {one.name}" for one in found)
