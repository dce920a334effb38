"""`mfp action`: the steps of the GitHub Action."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mfp.convert.writing.outcome import Outcome

HELP = """Run a step of the GitHub Action.

The action calls this; what it is to do stands in environment variables. Elsewhere, use
'mfp convert-all' and 'mfp deploy'.

\b
Examples:
  mfp action convert    find and convert flows, or check them
  mfp action deploy     deploy what was converted
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
    return _annotated(_convert, _nothing_converted)


@command.command()
def deploy() -> int:
    """Deploy what was converted."""
    return _annotated(_deploy, _nothing_deployed)


@command.command()
def finish() -> int:
    """Fail if something before failed, and say what."""
    return _annotated(_finish)


def _convert() -> int:
    from mfp.action.convert import convert_flows, list_flows  # noqa: PLC0415
    from mfp.action.handover import hand_over  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.action.inputs import as_inputs, read_inputs  # noqa: PLC0415
    from mfp.action.outputs import annotations, empty, outputs  # noqa: PLC0415
    from mfp.action.report import new_report  # noqa: PLC0415
    from mfp.action.runner import close, read_runner  # noqa: PLC0415
    from mfp.action.summary import conversion  # noqa: PLC0415
    from mfp.action.workflow_commands import annotate, plain_output  # noqa: PLC0415
    from mfp.commands.convert_all import command as options  # noqa: PLC0415

    runner = read_runner(os.environ)
    inputs = read_inputs(os.environ, options)
    said = partial(as_inputs, command=options)
    close(os.environ)
    outcomes: list[Outcome] = []
    with plain_output():
        if inputs.mode == "list":
            report = list_flows(inputs, runner, said)
        else:
            report, outcomes = convert_flows(inputs, runner, said)
    path = new_report(runner.temporary, report)
    if inputs.deploy != "none":
        hand_over(path, outcomes, inputs)
    runner.write_outputs(outputs(report) | {"report": str(path)})
    runner.write_summary(conversion(report, runner))
    found = annotations(report)
    if not report.flows and inputs.selection.part.of == 1:
        found.append(empty(report))
    annotate(found)
    return 0


def _deploy() -> int:
    from mfp.action.deploy import deploy_flows  # noqa: PLC0415
    from mfp.action.inputs import as_inputs  # noqa: PLC0415
    from mfp.action.runner import read_runner  # noqa: PLC0415
    from mfp.commands.convert_all import command as options  # noqa: PLC0415

    said = partial(as_inputs, command=options)
    deploy_flows(read_runner(os.environ), Path(os.environ["MFP_REPORT"]), said)
    return 0


def _finish() -> int:
    from mfp.action.outputs import verdict  # noqa: PLC0415
    from mfp.action.report import read_report  # noqa: PLC0415
    from mfp.action.workflow_commands import Annotation  # noqa: PLC0415

    reasons = verdict(read_report(Path(os.environ["MFP_REPORT"])))
    for reason in reasons:
        click.echo(str(Annotation(title="mfp", message=reason)))
    return 1 if reasons else 0


def _nothing_converted() -> dict[str, str]:
    from mfp.action.outputs import outputs  # noqa: PLC0415
    from mfp.action.report import Report  # noqa: PLC0415

    return outputs(Report(mode="list", fail_on_error="any", fix="")) | {"report": ""}


def _nothing_deployed() -> dict[str, str]:
    return {"deployments": "[]"}


def _annotated(step: Callable[[], int], outputs: Callable[[], dict[str, str]] = dict) -> int:
    """Run a step; where it cannot be done, all that GitHub shows says why; outputs are empty."""
    from mfp.action.runner import Runner, read_runner  # noqa: PLC0415
    from mfp.action.secret import hidden, secrets_of  # noqa: PLC0415
    from mfp.action.summary import trouble  # noqa: PLC0415
    from mfp.action.workflow_commands import Annotation  # noqa: PLC0415
    from mfp.errors import explained  # noqa: PLC0415

    runner: Runner | None = None
    # A step may change the environment.
    secrets = secrets_of(os.environ)
    try:
        runner = read_runner(os.environ)
        return step()
    except Exception as error:  # noqa: BLE001  (this is the edge)
        reason, code = explained(error)
    reason = hidden(reason, secrets)
    if runner is not None:
        runner.write_outputs(outputs())
        runner.write_summary(trouble(reason))
    click.echo(str(Annotation(title="mfp", message=reason)))
    return code
