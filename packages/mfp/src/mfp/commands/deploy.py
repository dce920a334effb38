"""`mfp deploy`: convert the flows of a repository and deploy them."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mfp.commands.options import conversion_options, placement_options
from mfp.errors import MfpError, UsageError
from mfp.terminal import printable

if TYPE_CHECKING:
    from mfp.deploy.prune import Standing, Standings

HELP = """Convert all flows in PATHS (default: the current folder), and deploy them to Prefect.

Flows are converted as by 'mfp convert-all'. Each then becomes a deployment on the Prefect server
in PREFECT_API_URL, with the schedule, triggers and tags that its decorators and pyproject.toml
name. One that fails does not keep the others from being deployed.

A deployment is called FLOW/default; with @project, FLOW/PROJECT.BRANCH; where several flows have
one name, FLOW/ and the path of its file; or as 'deployment' in pyproject.toml says. Deploying
again changes what the flow says, and leaves what you set in Prefect's pages.

The work pool is that of pyproject.toml, of --work-pool, of Prefect's settings, the one called
default, or the only one of the type process, in this order.

With --pull git, a deployment is refused whose files are not in the commit that is checked out.

With --prune, the deployments are removed, with their automations, that 'mfp deploy' has made of
flows of this repository which are gone, or have another deployment now; runs under way go on. They
are known by the address of the remote 'origin', or by 'repository' in [tool.mfp]. They are shown,
and you are asked first; --yes answers. No other deployment is touched.

A server on SQLite takes one deployment after the other the fastest. On PostgreSQL, try
--deploy-jobs 8.

\b
Examples:
  mfp deploy ./flows
  mfp deploy --work-pool prod --changed        only those that something has changed for
  mfp deploy --dry-run                         what would be deployed
  mfp deploy --prune                           also remove the deployments of flows that are gone
  mfp deploy --flow TrainFlow --tag nightly    only these
  mfp deploy --pull git                        workers clone this repository's remote
  mfp deploy --json result.json

\b
JSON: an object with
  flows        as of 'mfp convert-all'
  deployments  name, flow, path, class, output, status (deployed, unchanged, failed,
               would-deploy), id, error, remedy
  pruned       with --prune: name, flow, path, status (removed, would-remove, kept, failed),
               reason, id, error

\b
Exit codes:
  0  all well
  2  the command line or pyproject.toml is wrong, a path does not exist, or PREFECT_API_URL is
     not set; or --prune could not ask, as there is no terminal
  3  at least one flow failed, or the server did not remove a deployment
  5  there are no flows, and --fail-on-empty was given
"""


@click.command(name="deploy", help=HELP)
@conversion_options
@placement_options
@click.option(
    "--changed",
    is_flag=True,
    help="Deploy only what differs from the server.",
)
@click.option(
    "--deploy-jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Deployments to write in parallel. [default: 1; 10 if it is Prefect Cloud]",
)
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option(
    "--prune", is_flag=True, help="Remove the deployments of flows that are gone or renamed."
)
@click.option("--yes", is_flag=True, help="Remove them without asking.")
@click.option("--dry-run", is_flag=True, help="Write and deploy nothing; show what would be.")
def command(
    *,
    work_pool: str | None,
    changed: bool,
    deploy_jobs: int | None,
    force: bool,
    dry_run: bool,
    prune: bool,
    yes: bool,
    **given: Any,
) -> int:
    """Deploy the flows; see `HELP`."""
    from mfp.commands.ending import FAILED, exit_code, show_remarks  # noqa: PLC0415
    from mfp.convert.report import write_document  # noqa: PLC0415
    from mfp.convert.repository import convert_repository  # noqa: PLC0415
    from mfp.convert.selection import selection_of  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.convert.writing.outcome import Writing  # noqa: PLC0415
    from mfp.deploy.repository import no_name, repository_of  # noqa: PLC0415
    from mfp.deploy.server_set import has_server  # noqa: PLC0415
    from mfp.settings import read_settings  # noqa: PLC0415

    if yes and not prune:
        raise UsageError("--yes is for --prune", "Add --prune, or leave it out.")
    settings = read_settings(Path.cwd())
    selection = selection_of(given, settings)
    if prune and selection.part.of > 1:
        raise UsageError("--prune needs all flows", "Leave out --shard.")
    reachable = has_server(needed=changed or prune or not dry_run)
    repository = repository_of(settings)
    if prune and repository is None:
        raise no_name()
    writing = Writing(check=dry_run, force=force)
    converted = convert_repository(selection, writing, settings)
    codes = [show_remarks(converted, selection)]

    # Prefect takes seconds to import, and loading flows forks a process that must be small.
    from mfp.deploy.naming import name_deployments  # noqa: PLC0415
    from mfp.deploy.report import entries, show  # noqa: PLC0415
    from mfp.deploy.server import Deploying, deploy_all  # noqa: PLC0415
    from mfp.progress import progress  # noqa: PLC0415

    how = Deploying(
        writes=deploy_jobs,
        pull=selection.pull or "local",
        changed=changed,
        dry=dry_run,
        reachable=reachable,
        output_dir=selection.output_dir,
        repository=repository,
    )
    planned = name_deployments(converted.outcomes, settings.folder, work_pool)
    with progress(len(planned), "Deploying", selection.verbosity) as advance:
        deployed = deploy_all(planned, how, advance) if planned else []
    if selection.json_file != "-":
        show(converted.outcomes, deployed, selection.verbosity)
    pruned: dict[str, list[dict[str, Any]]] = {}
    if prune and repository is not None:
        from mfp.deploy.prune import Standings  # noqa: PLC0415

        standings = Standings(repository, converted.project, settings, deployed)
        removed, code = _prune(standings, yes=yes, dry=dry_run)
        codes.append(code)
        pruned = {"pruned": [one.as_json() for one in removed]}
    if selection.json_file is not None:
        more = {"deployments": entries(deployed), **pruned}
        write_document(selection.json_file, converted.outcomes, **more)
    states = [one.status for one in converted.outcomes] + [one.status for one in deployed]
    return exit_code([*codes, *([FAILED] if "failed" in states else [])])


def _prune(standings: "Standings", *, yes: bool, dry: bool) -> tuple[list["Standing"], int]:
    """Show the deployments that are no flow's, ask, and remove them.

    Returns:
        What became of them, and the exit code for that.
    """
    from mfp.commands.ending import FAILED, USAGE  # noqa: PLC0415
    from mfp.deploy.prune import OUTDATED, remove  # noqa: PLC0415

    try:
        found = standings.read()
    except MfpError as error:
        click.echo(printable(f"mfp: error: {error}"), err=True)
        return [], FAILED
    outdated = [one for one in found if one.status in OUTDATED]
    for one in outdated:
        _say(f"{one.deployment.full_name}: {one.status}: {one.reason}.")
    if not outdated:
        _say("No deployment to remove.")
        return [], 0
    count = "1 deployment" if len(outdated) == 1 else f"{len(outdated)} deployments"
    if dry:
        _say(f"{count} would be removed.")
        return [replace(one, fate="would-remove") for one in outdated], 0
    kept = [replace(one, fate="kept") for one in outdated]
    if not yes and not sys.stdin.isatty():
        _say(f"mfp: error: {count} not removed: there is no terminal to ask on. Add --yes.")
        return kept, USAGE
    if not yes and not click.confirm(f"Remove {count}, with automations?", err=True):
        _say("Nothing was removed.")
        return kept, 0
    removed = remove(outdated)
    for one in removed:
        _say(f"{one.fate} {one.deployment.full_name}" + (f": {one.error}" if one.error else ""))
    return removed, FAILED if any(one.fate == "failed" for one in removed) else 0


def _say(text: str) -> None:
    click.echo(printable(text), err=True)
