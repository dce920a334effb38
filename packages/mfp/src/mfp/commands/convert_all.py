"""`mfp convert-all`: convert the flows of a repository."""

from pathlib import Path
from typing import Any

import click

from mfp.commands.options import conversion_options, placement_options
from mfp.errors import UsageError

HELP = """Convert all flows in PATHS (default: the current folder) to Prefect flow files.

Flows are found as 'mfp list' finds them. Each is loaded in a process of its own, so that none
can harm another or the run. The project's folders are mirrored in the output folder: the flow in
a/b.py goes to prefect_flows/a/b_prefect.py, of several in one file each to
prefect_flows/a/b_CLASS_prefect.py, whatever PATHS are. The project's folder is that of the
pyproject.toml with [tool.mfp], or else the top of the git repository, or else the current one.
Files are written only where they change.

A config's default that is not found from the current folder is looked for beside the flow.

\b
Examples:
  mfp convert-all ./flows
  mfp convert-all flows jobs --output-dir deploy --jobs 4
  mfp convert-all --check                      in CI: are all files up to date?
  mfp convert-all --prune                      also remove files whose flow is gone
  mfp convert-all --json result.json
  mfp convert-all --missing-imports stub       where the flows' dependencies are not installed
  mfp convert-all --shard 1/3                  one third, on one of three machines
  mfp convert-all --prefect-yaml prefect.yaml  and then: prefect deploy --all

\b
pyproject.toml: what flows are converted with, and the options that are given each time
  [tool.mfp]
  paths = ["flows"]                 also exclude, include, output-dir, jobs, timeout,
                                    missing-imports, prefect-yaml, pull
  datastore = "s3"                  also environment, metadata
  runtime = "installed"             short files, which import metaflow_prefect
  with = ["retry"]                  decorators for all steps
  tags = ["nightly"]
  configs = { config = "prod.json" }
  work-pool = "default"             of their deployments
  [[tool.mfp.overrides]]            the same for some flows; a later one wins
  paths = ["flows/ml/"]
  output = "train.py"               the name of the generated file
  deployment = "nightly"            the name of its deployment
The file is looked for from the current folder up to the top of the git repository. What is given
on the command line wins. 'mfp settings' shows what is in force.

\b
--prefect-yaml: the entries with the key metaflow_flow are ours. In them we own name, entrypoint,
the schedule with the slug metaflow-schedule-decorator, the triggers whose names begin with
"metaflow: ", the tags and the parameters' defaults that metaflow_wrote names, and work_pool.name
where one is set; all else in the file is yours, and stays, as does a default that you change. Paths
in it are relative to the folder in which mfp has made it, wherever mfp runs later: run 'prefect
deploy --all --prefect-file FILE' there. In a file elsewhere, metaflow_folder says where that is.

\b
JSON: an object with
  flows  path, class, line, output, status (converted, unchanged, failed), error, remedy, note,
         configs (by name, the file beside the flow that was taken, or null), stand_ins
A file that cannot be read for flows is among them, with class and output null.

\b
Exit codes:
  0  all well
  1  --check found differences
  2  the command line or pyproject.toml is wrong, or a path does not exist
  3  at least one flow failed
  4  at least one flow failed, and --check found differences
  5  there are no flows, and --fail-on-empty was given
"""


@click.command(name="convert-all", help=HELP)
@conversion_options
@click.option("--check", is_flag=True, help="Write nothing; show what would change.")
@click.option("--prune", is_flag=True, help="Remove generated files whose flow is gone.")
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option("--prefect-yaml", metavar="FILE", help="Keep the flows' deployments in this file.")
@placement_options
def command(*, check: bool, prune: bool, force: bool, work_pool: str | None, **given: Any) -> int:
    """Convert the flows; see `HELP`."""
    from mfp.commands.ending import DIFFERS, FAILED, exit_code, show_remarks  # noqa: PLC0415
    from mfp.convert.attributes import attributes_advice  # noqa: PLC0415
    from mfp.convert.report import show, show_changes, write_document  # noqa: PLC0415
    from mfp.convert.repository import convert_repository  # noqa: PLC0415
    from mfp.convert.selection import selection_of  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.convert.writing.outcome import Writing  # noqa: PLC0415
    from mfp.convert.writing.stale import handle_stale_files  # noqa: PLC0415
    from mfp.settings import read_settings  # noqa: PLC0415

    settings = read_settings(Path.cwd())
    selection = selection_of(given, settings)
    if selection.prefect_yaml is None and (work_pool or given["pull"]):
        raise UsageError("--work-pool and --pull are for deployments", "Add --prefect-yaml FILE.")
    if selection.prefect_yaml is not None and selection.part.of > 1:
        raise UsageError("--prefect-yaml needs all flows", "Leave out --shard.")
    writing = Writing(check=check, force=force)
    converted = convert_repository(selection, writing, settings)
    outcomes = converted.outcomes
    # A stale file belongs to no flow, and so to the first part.
    folder, first = Path(selection.output_dir), selection.part.number == 1
    stale = handle_stale_files(folder, converted.project, writing, prune=prune) if first else []
    if selection.json_file is not None:
        gone = [{"path": str(one.path), "status": one.fate, "reason": one.reason} for one in stale]
        write_document(selection.json_file, outcomes, stale=gone)
    codes = [show_remarks(converted, selection)]
    first_new = next((one.output for one in outcomes if one.new and one.output), None)
    if first_new and not check and selection.verbosity != "quiet":
        advice = attributes_advice(selection.output_dir, first_new)
        click.echo(f"{advice}\n" if advice else "", err=True, nl=False)
    if selection.json_file != "-":
        show(outcomes, stale, check=check, verbosity=selection.verbosity)
    show_changes(outcomes, stale)
    differences = [one.difference for one in outcomes] + [one.difference for one in stale]
    codes += [DIFFERS] * any(differences)
    codes += [FAILED] * any(one.status == "failed" for one in outcomes)
    codes += [FAILED] * any(one.fate == "edited" for one in stale)
    if selection.prefect_yaml is not None:
        from mfp.deploy.prefect_yaml.file import show_update, update_file  # noqa: PLC0415

        path = Path(selection.prefect_yaml)
        update = update_file(path, converted, writing, work_pool, selection.pull)
        show_update(update)
        codes += [FAILED] * bool(update.problems)
        codes += [DIFFERS] * bool(check and update.change)
    return exit_code(codes)
