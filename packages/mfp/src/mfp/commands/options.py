"""Options that several commands have."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long loading one flow may take. [default: 60]",
)
missing_imports_option = click.option(
    "--missing-imports",
    type=click.Choice(["stub", "error"]),
    help="Whether modules that are not installed are replaced by stubs. [default: error]",
)
runtime_option = click.option(
    "--runtime",
    type=click.Choice(["embedded", "installed"]),
    help="Whether generated files hold the runtime, and stand alone, or import metaflow_prefect, "
    "and are short. [default: embedded]",
)
CONFIGS = (
    click.option(
        "--config",
        nargs=2,
        multiple=True,
        metavar="NAME FILE",
        help="The file of a config, for flows that have it. Repeatable.",
    ),
    click.option(
        "--config-value",
        nargs=2,
        multiple=True,
        metavar="NAME VALUE",
        help="The value of a config, for flows that have it. Repeatable.",
    ),
)
CONVERSION = (
    click.argument("paths", nargs=-1, type=click.Path()),
    click.option(
        "--output-dir",
        metavar="DIR",
        help="Where the generated files go. [default: prefect_flows]",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Flows to load in parallel. [default: the processors available]",
    ),
    timeout_option,
    click.option("--json", "json_file", metavar="FILE", help="Write the results; - is stdout."),
    click.option(
        "--include",
        multiple=True,
        metavar="PATTERN",
        help="Read only files that match. Repeatable.",
    ),
    click.option(
        "--exclude", multiple=True, metavar="PATTERN", help="Leave out what matches. Repeatable."
    ),
    click.option(
        "--flow", multiple=True, metavar="NAME", help="Only flows of this name. Repeatable."
    ),
    click.option(
        "--tag",
        multiple=True,
        metavar="TAG",
        help="Only flows that have this tag in pyproject.toml. Repeatable.",
    ),
    missing_imports_option,
    runtime_option,
    *CONFIGS,
    click.option(
        "--shard",
        metavar="I/N",
        help="Convert only the I-th of N parts, to share the work between machines.",
    ),
    click.option(
        "--no-cache", is_flag=True, help="Load all flows, also those that did not change."
    ),
    click.option("--fail-on-empty", is_flag=True, help="Fail if there are no flows."),
    click.option(
        "-v",
        "--verbose",
        "verbosity",
        flag_value="verbose",
        help="Show flows that did not change, too.",
    ),
    click.option("-q", "--quiet", "verbosity", flag_value="quiet", help="Show only what failed."),
)
PLACEMENT = (
    click.option(
        "--work-pool",
        metavar="NAME",
        help="The work pool of flows for which pyproject.toml names none.",
    ),
    click.option(
        "--pull",
        type=click.Choice(["local", "git"]),
        help="How workers get the code: from this folder, or by cloning this repository's remote.",
    ),
)


def conversion_options(command: Command) -> Command:
    """Add the options of `mfp.convert.selection.Selection`."""
    return _add(command, CONVERSION)


def config_options(command: Command) -> Command:
    """Add the options that set configs."""
    return _add(command, CONFIGS)


def placement_options(command: Command) -> Command:
    """Add the options that say where deployments run."""
    return _add(command, PLACEMENT)


def _add(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
