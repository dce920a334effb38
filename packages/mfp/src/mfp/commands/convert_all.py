"""`mfp convert-all`: convert the flows of a repository."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mfp.commands.options import conversion_options, placement_options
from mfp.errors import UsageError

if TYPE_CHECKING:
    from mfp.convert.writing.gone import Removal
    from mfp.convert.writing.outcome import Outcome

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
  mfp convert-all --shard 1/3                  one third, on one of three machines
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
the schedule with the slug metaflow, the triggers whose names begin with "metaflow: ", the tags
and the parameters' defaults that metaflow_wrote names, and work_pool.name where one is set; all
else in the file is yours, and stays, as does a default that you change. Paths in it are relative
to the folder in which mfp has made it, wherever mfp runs later: run 'prefect deploy --all
--prefect-file FILE' there. In a file elsewhere, metaflow_folder says where that is.

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
    from mfp.convert.report import (  # noqa: PLC0415
        show,
        show_changes,
        show_notebooks,
        show_notes,
        write_document,
    )
    from mfp.convert.repository import Selection, convert_repository  # noqa: PLC0415
    from mfp.convert.writing.gone import settle_gone  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.convert.writing.outcome import Writing  # noqa: PLC0415

    if prefect_yaml is None and (work_pool or pull):
        raise UsageError("--work-pool and --pull are for deployments", "Add --prefect-yaml FILE.")
    selection = Selection(**selected)
    if prefect_yaml is not None and selection.part.of > 1:
        raise UsageError("--prefect-yaml needs all flows", "Leave out --shard.")
    writing = Writing(check=check, force=force)
    converted = convert_repository(selection, writing)
    outcomes = converted.outcomes
    # What is gone belongs to no flow, and so to the first part.
    folder, first = Path(selection.output_dir), selection.part.number == 1
    removals = settle_gone(folder, converted.planned, writing, prune=prune) if first else []
    if selection.json_file is not None:
        write_document(selection.json_file, outcomes)
    show_notes(outcomes)
    if selection.json_file != "-":
        show(outcomes, check=check)
    show_notebooks(converted.notebooks)
    show_changes(outcomes, removals)
    code = _code(outcomes, removals)
    if prefect_yaml is not None:
        from mfp.deploy.prefect_yaml.file import keep, show_kept  # noqa: PLC0415

        kept = keep(Path(prefect_yaml), converted, writing, work_pool, pull)
        show_kept(kept)
        code = max(code, 3 * bool(kept.problems), int(check and kept.change is not None))
    return code


def _code(outcomes: "list[Outcome]", removals: "list[Removal]") -> int:
    """Give the exit code for flows and generated files."""
    differs = [one for one in outcomes if one.difference]
    differs_too = [one for one in removals if one.difference]
    failed = any(one.status == "failed" for one in outcomes)
    failed = failed or any(one.fate == "edited" for one in removals)
    return max(3 * failed, int(bool(differs or differs_too)))
