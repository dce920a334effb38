"""The commands that are about the runs of a deployment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from metaflow._vendor import click

from metaflow_prefect.commands.deployed import deployed_name, found_run
from metaflow_prefect.commands.group import positive, prefect, say
from metaflow_prefect.deploy.seen import status_seen
from metaflow_prefect.deploy.tokens import check_authorized
from metaflow_prefect.errors import UsageProblem

LISTED = 20  # runs, where nothing else is said


@prefect.command(help="List the runs of the deployment, the latest first, with their states.")
@click.option(
    "--limit", default=LISTED, show_default=True, callback=positive, help="How many at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.pass_obj
def list_runs(obj: Any, limit: int, as_json: bool) -> None:
    """Print each run in a line: its id, its status, and when it began."""
    from metaflow_prefect.deploy.operations import operator  # noqa: PLC0415
    from metaflow_prefect.deploy.runs import run_id_of, status_of  # noqa: PLC0415

    with operator() as server:
        deployment = server.deployment(deployed_name(obj))
        runs = server.runs(deployment, limit)
    rows = [
        {
            "run_id": run_id_of(run),
            "status": status_of(run),
            "state": run.state.name if run.state else None,
            "started_at": run.start_time.isoformat() if run.start_time else None,
        }
        for run in runs
    ]
    if as_json:
        obj.echo_always(json.dumps(rows, indent=2), err=False, no_bold=True)
        return
    for row in rows:
        line = f"{row['run_id']}  {row['status']:<9}  {row['started_at'] or '-'}"
        obj.echo_always(line, err=False, no_bold=True)


@prefect.command(help="Fetch the status of a run: Pending, Running, Succeeded or Failed.")
@click.argument("run-id")
@click.pass_obj
def status(obj: Any, run_id: str) -> None:
    """Print the status of a run."""
    from metaflow_prefect.deploy.runs import status_of  # noqa: PLC0415

    say(obj, f"Fetching status for run {run_id} for {obj.flow.name} ...", bold=True)
    with found_run(obj, run_id) as (_, deployment, run):
        found = status_seen(status_of(run), f"{obj.flow.name}/{run_id}", deployment.record.metadata)
    obj.echo_always(found, err=False)


@prefect.command(help="Show what a run and its steps have logged in Prefect.")
@click.argument("run-id")
@click.pass_obj
def logs(obj: Any, run_id: str) -> None:
    """Print a run's log."""
    with found_run(obj, run_id) as (server, _, run):
        for line in server.logs(run):
            text = f"{line.timestamp:%Y-%m-%d %H:%M:%S} {line.message}"
            obj.echo_always(text, err=False, no_bold=True)


TOKEN = click.option(
    "--authorize", help="The production token, where somebody else has made the deployment."
)
RUN_ID = click.argument("run-id")


@prefect.command(help="Suspend a run: no further steps are started until it is unsuspended.")
@TOKEN
@RUN_ID
@click.pass_obj
def suspend(obj: Any, run_id: str, authorize: str | None) -> None:
    """Suspend a run."""
    with found_run(obj, run_id) as (server, deployment, run):
        check_authorized(deployment, authorize, "suspend")
        server.suspend(run)
    say(obj, f"Suspended execution of {run_id}")


@prefect.command(help="Have a suspended run go on.")
@TOKEN
@RUN_ID
@click.pass_obj
def unsuspend(obj: Any, run_id: str, authorize: str | None) -> None:
    """Have a suspended run go on."""
    with found_run(obj, run_id) as (server, deployment, run):
        check_authorized(deployment, authorize, "unsuspend")
        server.unsuspend(run)
    say(obj, f"Unsuspended execution of {run_id}")


@prefect.command(help="Terminate a run, with all of its steps.")
@TOKEN
@RUN_ID
@click.pass_obj
def terminate(obj: Any, run_id: str, authorize: str | None) -> None:
    """Terminate a run."""
    with found_run(obj, run_id) as (server, deployment, run):
        check_authorized(deployment, authorize, "terminate")
        say(obj, f"Terminating run {run_id} for {obj.flow.name} ...", bold=True)
        server.terminate(run)
    say(obj, "Run terminated.")


@prefect.command(help="Have a run that failed go on where it failed, as the same run.")
@TOKEN
@RUN_ID
@click.pass_obj
def retry(obj: Any, run_id: str, authorize: str | None) -> None:
    """Retry a run."""
    with found_run(obj, run_id) as (server, deployment, run):
        check_authorized(deployment, authorize, "retry")
        server.retry(run)
    say(obj, f"Retrying {run_id}: what it has finished is not run again.")


def resume_deployed(obj: Any, run_id: str, words: Sequence[str]) -> None:
    """Resume a run of a deployment as another run of it.

    Args:
        obj: Metaflow's command line state.
        run_id: The run.
        words: What else the user has said.

    Raises:
        UsageProblem: It is more than a step.
    """
    steps = [word.partition("=")[2] for word in words if word.startswith("--step-to-rerun=")]
    steps += [word for word in words if not word.startswith("-")]
    if len(steps) != len(words) or len(steps) > 1:
        raise UsageProblem(
            "A deployment's run is resumed with its own parameters and options.",
            "Give nothing but RUN_ID and, if you like, the step to run again.",
        )
    step = steps[0] if steps else None
    if step is not None and step not in {one.__name__ for one in obj.flow}:
        raise UsageProblem(f"{obj.flow.name} has no step {step}.", "Correct its name.")

    from metaflow_prefect.deploy.runs import run_id_of  # noqa: PLC0415

    with found_run(obj, run_id) as (server, deployment, origin):
        run = server.resume(origin, deployment, step)
    say(obj, f"Resuming {run_id} as {run_id_of(run)} on Prefect.", bold=True)
