"""`mfp settings`: what is in force, and from where."""

import json
from pathlib import Path

import click

from mfp.errors import PathNotFoundError
from mfp.terminal import printable

HELP = """Show the settings that are in force for the flow in FILE, or for flows in general.

Settings are read from [tool.mfp] in the nearest pyproject.toml that has it, from the current
folder up to the top of the git repository; outside of one, only from the current folder. What is
given on the command line wins over them.

\b
Examples:
  mfp settings
  mfp settings flows/train.py
  mfp settings flows/train.py --json | jq -r '.settings.tags.value[]'

\b
JSON: an object with
  file      the pyproject.toml, or null
  settings  by key: value, and from, which is FILE:LINE or "default"

\b
Exit codes:
  0  all well
  2  the command line or pyproject.toml is wrong
"""


@click.command(name="settings", help=HELP)
@click.argument("flow", metavar="[FILE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")
def command(flow: str | None, as_json: bool) -> int:
    """Show the settings; see `HELP`."""
    from mfp.convert.report import show_table  # noqa: PLC0415
    from mfp.settings import read_settings  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.settings.in_force import in_force  # noqa: PLC0415

    if flow is not None and not Path(flow).is_file():
        raise PathNotFoundError(flow)
    settings = read_settings(Path.cwd())
    found = in_force(settings, flow)
    if as_json:
        file = None if settings.file is None else str(settings.file)
        rows = {key: {"value": value, "from": place} for key, (value, place) in found.items()}
        click.echo(json.dumps({"file": file, "settings": rows}, indent=2))
        return 0
    click.echo(printable(f"From {settings.file or 'no pyproject.toml'}"), err=True)
    rows_of_text = [(key, _shown(value), place) for key, (value, place) in found.items()]
    show_table(("SETTING", "VALUE", "FROM"), rows_of_text)
    return 0


def _shown(value: object) -> str:
    return "" if value in (None, [], {}) else json.dumps(value)
