"""A click group that imports a command's module only when the command is used."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import click


class Entry(NamedTuple):
    """One command.

    Attributes:
        module: The module whose `command` it is.
        summary: The line that the group's help shows for it.
        hidden: Whether the group's help leaves it out.
    """

    module: str
    summary: str
    hidden: bool = False


class LazyGroup(click.Group):
    """A group whose commands come from a table.

    Args:
        entries: The commands by name, in the order in which help shows them.
        attrs: What click's group takes.
    """

    def __init__(self, *, entries: Mapping[str, Entry], **attrs: Any) -> None:
        super().__init__(**attrs)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Give the names of all commands."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command; None if there is none of this name."""
        if cmd_name not in self.entries:
            return None
        command = import_module(self.entries[cmd_name].module).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.entries[cmd_name].module}.command is not a click command")
        command.hidden = self.entries[cmd_name].hidden
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for; of a misspelt one, name the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            shown = [name for name, entry in self.entries.items() if not entry.hidden]
            if near := get_close_matches(args[0], shown, 1):
                text = f"No such command {args[0]!r}. Did you mean {near[0]!r}?"
                raise click.UsageError(text, ctx) from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from the table, importing none of them."""
        with formatter.section("Commands"):
            shown = [(n, entry.summary) for n, entry in self.entries.items() if not entry.hidden]
            formatter.write_dl(shown)
