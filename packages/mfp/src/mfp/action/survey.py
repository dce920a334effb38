"""Find and convert flows as the inputs say, and report what became of them."""

import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mfp.action.inputs import Inputs
from mfp.action.report import Change, Flow, Report
from mfp.action.runner import Runner
from mfp.convert.everything import Converted, Options, convert_everything, unreadable
from mfp.convert.outcome import Outcome
from mfp.convert.report import show, show_rest
from mfp.discover import NotebookFlow, discover

MOST_LINES = 300  # of a file's diff


def list_flows(inputs: Inputs, runner: Runner) -> Report:
    """Find flows by reading source only.

    Args:
        inputs: The inputs.
        runner: Where the step is.

    Returns:
        The report.
    """
    options = inputs.options
    found = discover(
        options.paths, root=Path.cwd(), include=options.include, exclude=options.exclude
    )
    flows = [
        Flow(path=runner.shown(one.path), name=one.name, line=one.line, status="found")
        for one in found.flows
    ]
    flows += [_flow(one, runner) for one in unreadable(found)]
    flows.sort(key=lambda one: (one.path, one.line or 0))
    return Report(
        mode=inputs.mode,
        fail_on_error=inputs.fail_on_error,
        fix=fix(options),
        flows=tuple(options.shard.part(flows)),
        notebooks=_notebooks(found.notebooks, runner),
    )


def convert_flows(inputs: Inputs, runner: Runner) -> Report:
    """Convert flows, or say what would change, and print it as `mfp convert-all` does.

    Args:
        inputs: The inputs.
        runner: Where the step is.

    Returns:
        The report.
    """
    done = convert_everything(inputs.options)
    show(done.outcomes, check=inputs.options.check)
    show_rest(done, differences=False)  # they are in the summary
    return Report(
        mode=inputs.mode,
        fail_on_error=inputs.fail_on_error,
        fix=fix(inputs.options),
        flows=tuple(_flow(one, runner) for one in done.outcomes),
        changes=tuple(_changes(done, runner)),
        edited=tuple(runner.shown(one.path) for one in done.removals if one.fate == "edited"),
        notebooks=_notebooks(done.notebooks, runner),
    )


def fix(options: Options) -> str:
    """Give the command that brings all generated files up to date.

    Args:
        options: What was to be converted, and how.

    Returns:
        A command for a shell, whatever is in the names.
    """
    words = ["mfp", "convert-all", *options.paths, "--output-dir", options.output_dir]
    for name in ("include", "exclude"):
        for pattern in getattr(options, name):
            words += [f"--{name}", pattern]
    if options.missing_imports == "stub":
        words += ["--missing-imports", "stub"]
    return shlex.join([*words, "--prune"])


def _changes(done: Converted, runner: Runner) -> Iterator[Change]:
    for one in done.outcomes:
        if one.status == "converted":
            yield Change(
                path=runner.shown(one.output or PurePosixPath()),
                what="new" if one.new else "changed",
                flow=runner.shown(one.path),
                line=one.line,
                difference=_beginning(one.difference),
            )
    for file in done.removals:
        if file.fate in {"removed", "would be removed"}:
            text = _beginning(file.difference)
            yield Change(path=runner.shown(file.path), what="removed", difference=text)


def _beginning(difference: str) -> str:
    """Cut a diff to what a person reads: a flow's own part of a file comes first in it."""
    lines = difference.splitlines(keepends=True)
    left = len(lines) - MOST_LINES
    return "".join(lines[:MOST_LINES]) + (f"… and {left} more lines\n" if left > 0 else "")


def _flow(one: Outcome, runner: Runner) -> Flow:
    return Flow(
        path=runner.shown(one.path),
        name=one.name,
        line=one.line,
        output=None if one.output is None else runner.shown(one.output),
        status=one.status,
        error=one.error,
        remedy=one.remedy,
    )


def _notebooks(found: tuple[NotebookFlow, ...], runner: Runner) -> tuple[str, ...]:
    return tuple(f"{runner.shown(one.path)}: cell {one.cell}: {one.name}" for one in found)
