"""`mfp list`: show the flows of a repository."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mfp.terminal import nothing_found, plain_table, printable, rich_table

if TYPE_CHECKING:
    from mfp.convert.selection import Selection
    from mfp.discover import Discovery
    from mfp.settings import Settings

HELP = """Find the flows in PATHS (default: the current folder) by reading source only.

Nothing is imported or run, so no dependency of a flow needs to be installed. A flow is a class
at the top level of a module that derives from Metaflow's FlowSpec, also through bases in other
files of the repository, and whose own and inherited steps have a start and an end. Bases without
a complete graph are left out; flows in notebooks are shown, but cannot be converted.

Files that git ignores, hidden ones, virtual environments, caches, site-packages, node_modules and
links to folders are passed over; a file or folder named in PATHS is read all the same. Patterns
are lines of a .gitignore file, relative to the current folder. Bases are looked for in all of the
git repository, whichever part of it is asked for. Paths and patterns that are not given are those
of [tool.mfp] in pyproject.toml, if it has any.

With --deployed, the deployments on the Prefect server in PREFECT_API_URL are shown that 'mfp
deploy' has made of flows of this repository, those of PATHS only where PATHS are given. One is
'gone' if its flow is, 'renamed' if the settings name it otherwise now, and 'moved' if its flow is
in another file and has not been deployed from there. 'mfp deploy --prune' removes what is gone or
renamed.

DECORATORS are those of the class, of its bases and of its steps, under Metaflow's names.

\b
Examples:
  mfp list
  mfp list flows/ jobs/daily.py
  mfp list --exclude tests/ --exclude '*_old.py'
  mfp list --deployed
  mfp list --json | jq -r '.flows[] | select(.decorators | index("schedule")) | .path'

\b
JSON: an object with
  flows      path, line, class, bases, steps, decorators
  notebooks  path, cell, line, class, steps
  left_out   path, line, class, reason
  problems   path, line (or null), message, remedy
with --deployed, instead
  deployments  name, flow, path, status (current, gone, renamed, moved), reason, id, error

\b
Exit codes:
  0  all well, also if there are no flows
  2  the command line is wrong, or a path does not exist
  3  a file could not be read, or a class has steps but no complete graph; or the server does not
     answer
  5  there are no flows, and --fail-on-empty was given
"""


@click.command(name="list", help=HELP)
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")
@click.option(
    "--include", multiple=True, metavar="PATTERN", help="Read only files that match. Repeatable."
)
@click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Leave out what matches. Repeatable."
)
@click.option("--deployed", is_flag=True, help="Show the deployments on the server instead.")
@click.option("--fail-on-empty", is_flag=True, help="Fail if there are no flows.")
def command(
    *,
    paths: tuple[str, ...],
    as_json: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    deployed: bool,
    fail_on_empty: bool,
) -> int:
    """Show the flows; see `HELP`."""
    from mfp.convert.selection import selection_of  # noqa: PLC0415
    from mfp.discover import discover  # noqa: PLC0415  (`mfp list --help` needs none of it)
    from mfp.settings import read_settings  # noqa: PLC0415

    given = {"paths": paths, "include": include, "exclude": exclude}
    settings = read_settings(Path.cwd())
    selection = selection_of(given, settings)
    if deployed:
        return _show_deployed(selection, settings, paths, as_json=as_json)
    found = discover(
        selection.paths,
        root=Path.cwd(),
        include=selection.include,
        exclude=selection.exclude,
        patterns_in=selection.patterns_in,
    )
    if as_json:
        click.echo(as_document(found))
    else:
        _show(found, selection.paths)
    if found.problems:
        return 3
    return 5 if fail_on_empty and not found.flows else 0


def as_document(found: "Discovery") -> str:
    """Write what was found as JSON.

    Args:
        found: What was found.

    Returns:
        The JSON text, in ASCII, so that any name can be written to any stream.
    """
    document = {
        "flows": [
            {
                "path": str(flow.path),
                "line": flow.line,
                "class": flow.name,
                "bases": flow.bases,
                "steps": flow.steps,
                "decorators": flow.decorators,
            }
            for flow in found.flows
        ],
        "notebooks": [
            {
                "path": str(flow.path),
                "cell": flow.cell,
                "line": flow.line,
                "class": flow.name,
                "steps": flow.steps,
            }
            for flow in found.notebooks
        ],
        "left_out": [
            {
                "path": str(one.path),
                "line": one.line,
                "class": one.name,
                "reason": one.reason,
            }
            for one in found.left_out
        ],
        "problems": [
            {
                "path": str(problem.path),
                "line": problem.line,
                "message": problem.message,
                "remedy": problem.remedy,
            }
            for problem in found.problems
        ],
    }
    return json.dumps(document, indent=2)


def _show_deployed(
    selection: "Selection", settings: "Settings", paths: tuple[str, ...], *, as_json: bool
) -> int:
    """Show the repository's deployments on the server."""
    from mfp.convert.repository import discover_selection  # noqa: PLC0415
    from mfp.convert.writing.plan import plan  # noqa: PLC0415
    from mfp.deploy.repository import no_name, repository_of  # noqa: PLC0415
    from mfp.deploy.server_set import has_server  # noqa: PLC0415

    repository = repository_of(settings)
    if repository is None:
        raise no_name()
    has_server(needed=True)
    flows = discover_selection(selection, settings)
    project = plan((*flows.flows, *flows.others), selection.output_dir, settings)

    from mfp.deploy.prune import Standings  # noqa: PLC0415  (Prefect takes seconds)

    found = Standings(repository, project, settings).read()
    if paths:
        folders = [Path(path).resolve() for path in paths]
        root = repository.root.resolve()
        found = [
            one
            for one in found
            if any((root / (one.deployment.record.source or "")).is_relative_to(f) for f in folders)
        ]
    if as_json:
        click.echo(json.dumps({"deployments": [one.as_json() for one in found]}, indent=2))
        return 0
    cells = (
        (one.deployment.full_name, one.deployment.record.source or "", one.status, one.reason)
        for one in found
    )
    rows = [tuple(map(printable, row)) for row in cells]
    _table(("DEPLOYMENT", "FLOW", "STATUS", "REASON"), rows)
    if not rows:
        click.echo("No deployments of this repository are on the server.", err=True)
    return 0


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows and sys.stdout.isatty():
        rich_table(header, rows)
    elif rows:
        click.echo(plain_table(header, rows), nl=False)


def _show(found: "Discovery", paths: tuple[str, ...]) -> None:
    """Print the table to standard output, everything else to standard error."""
    header = ("FLOW", "CLASS", "STEPS", "DECORATORS")
    rows = [
        (
            printable(f"{flow.path}:{flow.line}"),
            printable(flow.name),
            printable(", ".join(flow.steps)),
            printable(", ".join(flow.decorators)),
        )
        for flow in found.flows
    ]
    _table(header, rows)
    if not rows:
        click.echo(nothing_found(paths), err=True)
    for one in (*found.notebooks, *found.problems):
        click.echo(printable(str(one)), err=True)
    if found.left_out:
        count = len(found.left_out)
        what = "1 base class was" if count == 1 else f"{count} base classes were"
        click.echo(f"{what} left out; --json shows which, and why.", err=True)
