"""`mfp deploy`: convert the flows of a repository and deploy them."""

import os
from pathlib import Path
from typing import Any

import click

from mfp.commands.options import conversion_options, placement_options
from mfp.errors import UsageError

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

A server on SQLite takes one deployment after the other the fastest. On PostgreSQL, try
--deploy-jobs 8.

\b
Examples:
  mfp deploy ./flows
  mfp deploy --work-pool prod --changed        only those that something has changed for
  mfp deploy --dry-run                         what would be deployed
  mfp deploy --pull git                        workers clone this repository's remote
  mfp deploy --json result.json

\b
JSON: an object with
  flows        as of 'mfp convert-all'
  deployments  name, flow, path, class, output, status (deployed, unchanged, failed,
               would-deploy), id, error, remedy

\b
Exit codes:
  0  all well
  2  the command line or pyproject.toml is wrong, a path does not exist, or PREFECT_API_URL is
     not set
  3  at least one flow failed
  5  there are no flows, and --fail-on-empty was given
"""


@click.command(name="deploy", help=HELP)
@conversion_options
@placement_options
@click.option(
    "--changed",
    is_flag=True,
    help="Deploy only what the server has in another state.",
)
@click.option(
    "--deploy-jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Deployments to write in parallel. [default: 1; 10 if it is Prefect Cloud]",
)
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option("--dry-run", is_flag=True, help="Write and deploy nothing; show what would be.")
def command(
    *,
    work_pool: str | None,
    changed: bool,
    deploy_jobs: int | None,
    force: bool,
    dry_run: bool,
    **given: Any,
) -> int:
    """Deploy the flows; see `HELP`."""
    from mfp.commands.ending import FAILED, exit_code, show_remarks  # noqa: PLC0415
    from mfp.convert.report import write_document  # noqa: PLC0415
    from mfp.convert.repository import convert_repository  # noqa: PLC0415
    from mfp.convert.selection import selection_of  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.convert.writing.outcome import Writing  # noqa: PLC0415
    from mfp.settings import read_settings  # noqa: PLC0415

    settings = read_settings(Path.cwd())
    selection = selection_of(given, settings)
    reachable = _has_server(needed=changed or not dry_run)
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
    )
    planned = name_deployments(converted.outcomes, settings.folder, work_pool)
    with progress(len(planned), "Deploying", selection.verbosity) as advance:
        deployed = deploy_all(planned, how, advance) if planned else []
    if selection.json_file is not None:
        write_document(selection.json_file, converted.outcomes, deployments=entries(deployed))
    if selection.json_file != "-":
        show(converted.outcomes, deployed, selection.verbosity)
    states = [one.status for one in converted.outcomes] + [one.status for one in deployed]
    return exit_code([*codes, *([FAILED] if "failed" in states else [])])


def _has_server(*, needed: bool) -> bool:
    """Say whether there is a server; ask Prefect's settings only if the variable is not set.

    Raises:
        UsageError: If there is none, but one is needed.
    """
    if os.environ.get("PREFECT_API_URL"):
        return True
    from prefect.settings import get_current_settings  # noqa: PLC0415  (takes a second)

    if get_current_settings().api.url:
        return True
    if needed:
        from metaflow_prefect.deploy.description import NO_SERVER, SET_SERVER  # noqa: PLC0415

        raise UsageError(NO_SERVER.rstrip("."), SET_SERVER)
    return False
