"""`mfp doctor`: can flows be run and deployed from here?"""

import json
from dataclasses import asdict

import click

from mfp.terminal import printable

HELP = """Say whether flows can be run and deployed from this environment, and what to do if not.

It looks at Python, the packages, Metaflow, Prefect and its server, how steps are started, the
API in PREFECT_API_URL, and the work pools there. It changes nothing.

\b
Examples:
  mfp doctor
  mfp doctor --json | jq -r '.checks[] | select(.status == "failed") | .remedy'

\b
JSON: an object with
  checks  name, status (ok, warning, failed), message, remedy

\b
Exit codes:
  0  flows can be run; warnings say what else cannot be done
  2  the command line is wrong
  3  something fails
"""


@click.command(name="doctor", help=HELP)
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of text.")
def command(as_json: bool) -> int:
    """Look at everything; see `HELP`."""
    from mfp.doctor import examine  # noqa: PLC0415  (`--help` needs none of it)

    found = []
    for one in examine():
        found.append(one)
        if not as_json:
            click.echo(printable(f"{one.status:<8} {one.name}: {one.message}."))
            if one.remedy:
                click.echo(f"{'':<8} {printable(one.remedy)}")
    if as_json:
        click.echo(json.dumps({"checks": [asdict(one) for one in found]}, indent=2))
    return 3 if any(one.status == "failed" for one in found) else 0
