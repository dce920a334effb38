"""`mfp convert-all`: convert the flows of a repository."""

from typing import Any

import click

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

\b
pyproject.toml: what flows are converted with
  [tool.mfp]
  datastore = "s3"                  also environment, metadata
  with = ["retry"]                  decorators for all steps
  tags = ["nightly"]
  configs = { config = "prod.json" }
  [[tool.mfp.overrides]]            the same for some flows; a later one wins
  paths = ["flows/ml/"]
  output = "train.py"               the name of the generated file

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
@click.argument("paths", nargs=-1, type=click.Path())
@click.option(
    "--output-dir",
    metavar="DIR",
    default="prefect_flows",
    show_default=True,
    help="Where the generated files go.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Load so many flows at once. [default: the processors available]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    default=60,
    show_default=True,
    help="How long loading one flow may take.",
)
@click.option("--json", "json_file", metavar="FILE", help="Write the results; - is stdout.")
@click.option(
    "--include", multiple=True, metavar="PATTERN", help="Read only files that match. Repeatable."
)
@click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Leave out what matches. Repeatable."
)
@click.option(
    "--missing-imports",
    type=click.Choice(["stub", "error"]),
    default="error",
    show_default=True,
    help="Whether stand-ins take the place of modules that are not installed.",
)
@click.option("--no-cache", is_flag=True, help="Load all flows, also those that did not change.")
@click.option("--check", is_flag=True, help="Write nothing; show what would change.")
@click.option("--prune", is_flag=True, help="Remove generated files whose flow is gone.")
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option(
    "--shard",
    metavar="I/N",
    default="1/1",
    help="Convert only the I-th of N parts, to share the work between machines.",
)
def command(json_file: str | None, shard: str, **given: Any) -> int:
    """Convert the flows; see `HELP`."""
    from mfp.convert.everything import Options, convert_everything  # noqa: PLC0415  (see `--help`)
    from mfp.convert.report import show, show_rest, write_document  # noqa: PLC0415
    from mfp.convert.shard import read_shard  # noqa: PLC0415

    options = Options(**given | {"paths": given["paths"] or (".",)}, shard=read_shard(shard))
    done = convert_everything(options)
    if json_file is not None:
        write_document(json_file, done.outcomes)
    if json_file != "-":
        show(done.outcomes, check=options.check)
    show_rest(done)
    return max(3 * done.failed, int(done.differs))
