"""Run and resume a flow with Prefect from here, leaving no file."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from typing import Any

from metaflow._vendor import click
from metaflow.util import get_latest_run_id

from metaflow_prefect.commands.group import flow_file, generated_text, loaded, prefect
from metaflow_prefect.commands.runs import resume_deployed
from metaflow_prefect.errors import UsageProblem
from metaflow_prefect.generate.run_once import run_once
from metaflow_prefect.runtime.facts import RUN_PREFIX


@prefect.command(
    help="Run this flow with Prefect, leaving no file.",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1)
@click.pass_obj
def run(obj: Any, arguments: tuple[str, ...]) -> None:
    """Generate the Prefect file in a folder of its own and run it."""
    run_generated(obj, arguments)


@prefect.command(
    help="Resume a run with Prefect, from where it failed: by default the last one, here. "
    "With the RUN_ID of a deployment's run, on its server, as another run of the deployment.",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.option("--origin-run-id", help="The run to resume here.")
@click.argument("step-to-rerun", metavar="[STEP | RUN_ID]", required=False)
@click.argument("arguments", nargs=-1)
@click.pass_obj
def resume(
    obj: Any,
    origin_run_id: str | None,
    step_to_rerun: str | None,
    arguments: tuple[str, ...],
) -> None:
    """Resume a run here or on the server."""
    if step_to_rerun is not None and step_to_rerun.startswith(RUN_PREFIX):
        resume_deployed(obj, step_to_rerun, arguments)
        return
    words = list(arguments)
    if step_to_rerun is not None and step_to_rerun.startswith("-"):
        words.insert(0, step_to_rerun)
    elif step_to_rerun is not None:
        words.append(f"--step-to-rerun={step_to_rerun}")
    origin = origin_run_id or get_latest_run_id(obj.echo, obj.flow.name)
    if origin is None:
        raise UsageProblem("There is no earlier run.", "Name one with --origin-run-id.")
    run_generated(obj, (f"--resume={origin}", *words))


def run_generated(obj: Any, arguments: tuple[str, ...]) -> None:
    """Run the flow's Prefect file, made for this once, and exit with its code."""
    source, flow = flow_file(), loaded(obj)
    options = sys.argv[1 : sys.argv.index("prefect")]
    again = ["python", sys.argv[0], *options, "prefect", "resume", "--origin-run-id"]
    words = (f"--resumed-by={shlex.join(again)}", *arguments)
    sys.exit(run_once(source, partial(generated_text, flow, source), words))
