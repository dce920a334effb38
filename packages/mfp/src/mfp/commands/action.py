"""`mfp action`: the steps of the GitHub Action."""

import os
from collections.abc import Callable
from pathlib import Path

import click

HELP = """Run a step of the GitHub Action.

The action calls this; what it is to do stands in environment variables. Elsewhere, use
'mfp convert-all' and 'mfp deploy'.

\b
Examples:
  mfp action convert    find and convert flows, or check them
  mfp action finish     fail if something before it failed

\b
Exit codes:
  0  all well
  1  finish: the job fails
  2  an input is wrong
  3  something else went wrong
"""


@click.group(name="action", help=HELP)
def command() -> None:
    """Hold the steps; see `HELP`."""


@command.command()
def convert() -> int:
    """Find and convert flows, or check them."""
    return _annotated(_convert)


@command.command()
def finish() -> int:
    """Fail if something before failed, and say what."""
    return _annotated(_finish)


def _convert() -> int:
    from mfp.action.inputs import read_inputs  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.action.report import new_report  # noqa: PLC0415
    from mfp.action.runner import close, read_runner  # noqa: PLC0415
    from mfp.action.summary import conversion  # noqa: PLC0415
    from mfp.action.survey import convert_flows, list_flows  # noqa: PLC0415
    from mfp.action.tell import annotations, outputs  # noqa: PLC0415
    from mfp.action.workflow_commands import annotate, plain_output  # noqa: PLC0415

    runner = read_runner(os.environ)
    inputs = read_inputs(os.environ)
    close(os.environ)
    with plain_output():
        report = (list_flows if inputs.mode == "list" else convert_flows)(inputs, runner)
    path = new_report(runner.temporary, report)
    runner.write_outputs(outputs(report) | {"report": str(path)})
    runner.write_summary(conversion(report, runner))
    annotate(annotations(report))
    return 0


def _finish() -> int:
    from mfp.action.report import read_report  # noqa: PLC0415
    from mfp.action.tell import verdict  # noqa: PLC0415
    from mfp.action.workflow_commands import Annotation  # noqa: PLC0415

    reasons = verdict(read_report(Path(os.environ["MFP_REPORT"])))
    for reason in reasons:
        click.echo(str(Annotation(title="mfp", message=reason)))
    return 1 if reasons else 0


def _annotated(step: Callable[[], int]) -> int:
    """Run a step; where it cannot be done, the reason is an annotation, too."""
    from mfp.action.workflow_commands import Annotation  # noqa: PLC0415
    from mfp.errors import MfpError  # noqa: PLC0415

    try:
        return step()
    except MfpError as error:
        click.echo(str(Annotation(title="mfp", message=str(error))))
        return error.exit_code
