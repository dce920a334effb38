"""`mfp convert-all`: convert the flows of a repository."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mfp.terminal import printable

if TYPE_CHECKING:
    from mfp.convert.outcome import Outcome, Writing
    from mfp.convert.plan import Planned
    from mfp.discover import Discovery

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
def command(  # noqa: PLR0913, PLR0917  (an argument for each option)
    paths: tuple[str, ...],
    output_dir: str,
    jobs: int | None,
    timeout: float,
    json_file: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    missing_imports: str,
    no_cache: bool,
    check: bool,
    prune: bool,
    force: bool,
) -> int:
    """Convert the flows; see `HELP`."""
    from mfp.convert.cache import open_cache  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.convert.outcome import Writing  # noqa: PLC0415
    from mfp.convert.plan import plan  # noqa: PLC0415
    from mfp.convert.report import show, write_document  # noqa: PLC0415
    from mfp.convert.run import Loading, convert, processors  # noqa: PLC0415
    from mfp.discover import discover  # noqa: PLC0415
    from mfp.settings import read_settings  # noqa: PLC0415

    paths = paths or (".",)
    settings = read_settings(Path.cwd())
    found = discover(paths, root=Path.cwd(), include=include, exclude=exclude)
    planned = plan(found.flows, paths, output_dir, settings)
    loading = Loading(
        jobs=jobs or processors(),
        timeout=timeout,
        settings=settings,
        stub=missing_imports == "stub",
        folder=output_dir,
    )
    memory = open_cache(use=not no_cache)
    writing = Writing(check=check, force=force)
    outcomes = _sorted([*convert(planned, loading, writing, memory), *_unreadable(found)])
    if json_file is not None:
        write_document(json_file, outcomes)
    if json_file != "-":
        show(outcomes, check=check)
    _show_notebooks(found)
    different = check and _show_differences(outcomes)
    failed = any(one.status == "failed" for one in outcomes)
    return max(3 * failed, int(different), _settle_gone(planned, output_dir, writing, prune))


def _sorted(outcomes: "list[Outcome]") -> "list[Outcome]":
    return sorted(outcomes, key=lambda one: (one.path, one.line or 0))


def _unreadable(found: "Discovery") -> "list[Outcome]":
    """Count files in which flows cannot be told as failed."""
    from mfp.convert.outcome import Outcome  # noqa: PLC0415

    return [
        Outcome(
            path=problem.path,
            name=None,
            line=problem.line,
            output=None,
            status="failed",
            error=problem.message,
            remedy=problem.remedy,
        )
        for problem in found.problems
    ]


def _show_notebooks(found: "Discovery") -> None:
    for flow in found.notebooks:
        text = f"{flow.path}: cell {flow.cell}: {flow.name} is in a notebook and cannot be "
        click.echo(printable(text + "converted. Move the class into a .py file."), err=True)


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
