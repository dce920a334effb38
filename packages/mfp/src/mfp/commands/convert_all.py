"""`mfp convert-all`: convert the flows of a repository."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mfp.commands.options import conversion_options, placement_options
from mfp.errors import UsageError
from mfp.terminal import printable

if TYPE_CHECKING:
    from mfp.convert.outcome import Outcome, Writing
    from mfp.convert.plan import Planned

HELP = """Convert all flows in PATHS (default: the current folder) to Prefect flow files.

Flows are found as 'mfp list' finds them. Each is loaded in a process of its own, so that none
can harm another or the run. The folders below PATHS are mirrored in the output folder: the flow
in a/b.py goes to prefect_flows/a/b_prefect.py, of several in one file each to
prefect_flows/a/b_CLASS_prefect.py. Files are written only where they change.

\b
Examples:
  mfp convert-all ./flows
  mfp convert-all flows jobs --output-dir deploy --jobs 4
  mfp convert-all --check                      in CI: are all files up to date?
  mfp convert-all --prune                      remove files whose flow is gone
  mfp convert-all --json result.json
  mfp convert-all --missing-imports stub       where the flows' dependencies are not installed
  mfp convert-all --prefect-yaml prefect.yaml  and then: prefect deploy --all

\b
pyproject.toml: what flows are converted with
  [tool.mfp]
  datastore = "s3"                  also environment, metadata
  with = ["retry"]                  decorators for all steps
  tags = ["nightly"]
  configs = { config = "prod.json" }
  work_pool = "default"             of their deployments
  [[tool.mfp.overrides]]            the same for some flows; a later one wins
  paths = ["flows/ml/"]
  output = "train.py"               the name of the generated file
  deployment = "nightly"            the name of its deployment

\b
--prefect-yaml: the entries with the key metaflow_flow are ours. In them we own name, entrypoint,
the schedule with the slug metaflow, the triggers whose names begin with "metaflow: ", and
work_pool.name where one is set; all else in the file is yours, and stays. Run 'prefect deploy
--all --prefect-file FILE' in the folder in which you run mfp.

\b
JSON: an object with
  flows  path, class, line, output, status (converted, unchanged, failed), error, remedy
A file that cannot be read for flows is among them, with class and output null.

\b
Exit codes:
  0  all well
  1  --check found differences
  2  the command line is wrong, or a path does not exist
  3  at least one flow failed
"""


@click.command(name="convert-all", help=HELP)
@conversion_options
@click.option("--check", is_flag=True, help="Write nothing; show what would change.")
@click.option("--prune", is_flag=True, help="Remove generated files whose flow is gone.")
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option("--prefect-yaml", metavar="FILE", help="Keep the flows' deployments in this file.")
@placement_options
def command(
    *,
    check: bool,
    prune: bool,
    force: bool,
    prefect_yaml: str | None,
    work_pool: str | None,
    pull: str | None,
    **selected: Any,
) -> int:
    """Convert the flows; see `HELP`."""
    from mfp.convert.outcome import Writing  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.convert.report import show, write_document  # noqa: PLC0415
    from mfp.convert.repository import Selection, convert_repository  # noqa: PLC0415

    if prefect_yaml is None and (work_pool or pull):
        raise UsageError("--work-pool and --pull are for deployments", "Add --prefect-yaml FILE.")
    selection = Selection(**selected)
    writing = Writing(check=check, force=force)
    converted = convert_repository(selection, writing)
    outcomes = converted.outcomes
    if selection.json_file is not None:
        write_document(selection.json_file, outcomes)
    if selection.json_file != "-":
        show(outcomes, check=check)
    different = check and _show_differences(outcomes)
    failed = any(one.status == "failed" for one in outcomes)
    code = max(
        3 * failed,
        int(different),
        _settle_gone(converted.planned, selection.output_dir, writing, prune),
    )
    if prefect_yaml is not None:
        from mfp.deploy.prefect_yaml import keep  # noqa: PLC0415

        code = max(code, keep(Path(prefect_yaml), converted, writing, work_pool, pull))
    return code


def _show_differences(outcomes: "list[Outcome]") -> bool:
    """Print what would be new or changed; say whether there is any."""
    different = [one for one in outcomes if one.difference]
    for one in different:
        what = "new" if one.difference.startswith(f"--- {os.devnull}") else "changed"
        click.echo(f"{what}: {printable(str(one.output))}")
        click.echo(one.difference, nl=False)
    return bool(different)


def _settle_gone(planned: "list[Planned]", folder: str, how: "Writing", prune: bool) -> int:
    """Remove, show or mention generated files whose flow is gone; give the exit code for it."""
    from mfp.convert.gone import gone  # noqa: PLC0415
    from mfp.convert.outcome import difference  # noqa: PLC0415

    code = 0
    files = gone(Path(folder), planned)
    for file in files:
        place = printable(str(file.path))
        if how.check:
            click.echo(f"removed: {place}")
            click.echo(difference(file.path.read_bytes(), None, file.path), nl=False)
            code = max(code, 1)
        elif prune and file.edited and not how.force:
            text = f"{place}: its flow is gone, but it was edited by hand. "
            click.echo(text + "Move it away, or remove it by --prune --force.", err=True)
            code = 3
        elif prune:
            file.path.unlink()
            click.echo(f"removed: {place}", err=True)
    if files and not prune and not how.check:
        names = ", ".join(printable(str(file.path)) for file in files)
        click.echo(f"The flow is gone of {names}; --prune removes what was generated.", err=True)
    return code
