"""Options that several commands have."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    default=60,
    show_default=True,
    help="How long loading one flow may take.",
)
missing_imports_option = click.option(
    "--missing-imports",
    type=click.Choice(["stub", "error"]),
    default="error",
    show_default=True,
    help="Whether stand-ins take the place of modules that are not installed.",
)
CONVERSION = (
    click.argument("paths", nargs=-1, type=click.Path()),
    click.option(
        "--output-dir",
        metavar="DIR",
        default="prefect_flows",
        show_default=True,
        help="Where the generated files go.",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Load so many flows at once. [default: the processors available]",
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
    missing_imports_option,
    click.option(
        "--shard",
        metavar="I/N",
        default="1/1",
        help="Convert only the I-th of N parts, to share the work between machines.",
    ),
    click.option(
        "--no-cache", is_flag=True, help="Load all flows, also those that did not change."
    ),
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
    """Add the options of `mfp.convert.repository.Selection`."""
    return _add(command, CONVERSION)


def placement_options(command: Command) -> Command:
    """Add the options that say where deployments run."""
    return _add(command, PLACEMENT)


def _add(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
