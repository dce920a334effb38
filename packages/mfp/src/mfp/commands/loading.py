"""Load the one flow that a command is about."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from metaflow_prefect.generate.generated_file import is_generated

from mfp.errors import MfpError, PathNotFoundError, UsageError

if TYPE_CHECKING:
    from mfp.convert.loading.exchange import Form, Reply


class LoadFailedError(MfpError):
    """A flow cannot be loaded.

    Args:
        path: Its file.
        message: Why, as a sentence.
        remedy: What to do next, as a whole sentence.
    """

    def __init__(self, path: str, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.path = path

    def __str__(self) -> str:
        """Give file, message and remedy in one line."""
        return f"{self.path}: {self.message.rstrip('.')}. {self.remedy}"


def split(flow: str) -> tuple[str, str | None]:
    """Take file and class apart.

    Args:
        flow: What the user wrote.

    Returns:
        The file, and the class if one is named.

    Raises:
        UsageError: If there is no such file, or it is a folder or a generated file.
    """
    path, colon, name = flow.rpartition(":")
    named = bool(colon) and name.isidentifier() and not Path(flow).is_file()
    if not named:
        path = flow
    if Path(path).is_dir():
        raise UsageError(f"{path} is a folder", "Name a file in it; 'mfp list' shows its flows.")
    if not Path(path).is_file():
        raise PathNotFoundError(path)
    if is_generated(Path(path)):
        raise UsageError(f"{path} was made of a flow", "Name the flow's own file.")
    return path, name if named else None


def load(
    path: str, name: str | None, output: Path, form: "Form", given: Mapping[str, Any]
) -> "Reply":
    """Load a flow, and print what there is to know about it.

    Args:
        path: The flow's file.
        name: The class; None stands for the one that the file starts.
        output: The generated file.
        form: What is wanted of the flow.
        given: The options that say how it is loaded, where they are given.

    Returns:
        The reply.

    Raises:
        LoadFailedError: If it cannot be loaded.
        UsageError: If it has not the configs that are given.
    """
    from mfp.convert.run import Loading, load_one, request_for  # noqa: PLC0415
    from mfp.convert.selection import selection_of  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.settings import read_settings  # noqa: PLC0415

    settings = read_settings(Path.cwd())
    selection = selection_of(given, settings)
    stub = selection.missing_imports == "stub"
    chosen = selection.applied_to(settings.for_flow(path))
    request = request_for(Path(path), name, output, chosen, stub=stub)
    reply = load_one(request, Loading(jobs=1, timeout=selection.timeout, stub=stub), form)
    if reply.text is None:
        raise LoadFailedError(path, reply.error or "", reply.remedy or "")
    for config, _ in (*selection.config, *selection.config_value):
        if config not in reply.configs:
            known = ", ".join(reply.configs) or "none"
            raise UsageError(f"{path} has no config named {config}", f"It has {known}.")
    if reply.note:
        click.echo(f"mfp: {path}: {reply.note}", err=True)
    if reply.stand_ins:
        names = ", ".join(reply.stand_ins)
        click.echo(f"mfp: {path}: Stubs were used for {names}.", err=True)
    return replace(reply, name=reply.name or name)
