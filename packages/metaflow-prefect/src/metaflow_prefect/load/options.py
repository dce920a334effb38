"""Metaflow's top-level options that a flow is converted with, to run with them too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from metaflow._vendor import click

# What only matters to the command that creates the file, or is carried otherwise.
NOT_CARRIED = frozenset(
    {
        "config",
        "config_value",
        "force_rebuild_environments",
        "help",
        "local_config_file",
        "mode",
        "pylint",
        "quiet",
    }
)


def explicit_options(root: Any, words: Sequence[str]) -> tuple[str, ...]:
    """Return the top-level options that stand on the command line.

    Options that come from the environment or from Metaflow's settings are left out: they
    belong to the machine, and will be what they are where the flow runs.

    Args:
        root: The click context of Metaflow's own command.
        words: The command line after the flow's file.

    Returns:
        Words of Metaflow's command line, in the order in which Metaflow lists its options.
    """
    given, _, _ = root.command.make_parser(root).parse_args(list(words))
    found: list[str] = []
    for parameter in root.command.params:
        if parameter.name in given and parameter.name not in NOT_CARRIED:
            found += _words(parameter, given[parameter.name])
    return tuple(found)


def _words(parameter: Any, value: Any) -> Iterable[str]:
    if not isinstance(parameter, click.Option):
        return []
    if parameter.is_flag:
        return [(parameter.opts if value else parameter.secondary_opts)[0]]
    values = value if parameter.multiple else [value]
    return [f"{parameter.opts[0]}={one}" for one in values]
