"""Load the one flow that a command is about."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mfp.errors import MfpError, PathNotFoundError

if TYPE_CHECKING:
    from mfp.convert.loading.exchange import Form, Reply


def split(flow: str) -> tuple[str, str | None]:
    """Take file and class apart.

    Args:
        flow: What the user wrote.

    Returns:
        The file, and the class if one is named.

    Raises:
        PathNotFoundError: If there is no such file.
    """
    if Path(flow).is_file():
        return flow, None
    path, colon, name = flow.rpartition(":")
    if colon and name.isidentifier() and Path(path).is_file():
        return path, name
    raise PathNotFoundError(os.fspath(path if colon and name.isidentifier() else flow))


def load(
    path: str,
    name: str | None,
    output: Path,
    form: "Form",
    *,
    timeout: float,
    missing_imports: str = "error",
) -> "Reply":
    """Load a flow, and print what there is to know about it.

    Args:
        path: The flow's file.
        name: The class; None stands for the one that the file starts.
        output: The generated file.
        form: What is wanted of the flow.
        timeout: How many seconds loading may take.
        missing_imports: `stub` if stand-ins take the place of modules that are not installed.

    Returns:
        The reply.

    Raises:
        MfpError: If it cannot be loaded.
    """
    from mfp.convert.run import Loading, load_one  # noqa: PLC0415  (`--help` needs none of it)
    from mfp.settings import read_settings  # noqa: PLC0415

    stub = missing_imports == "stub"
    loading = Loading(jobs=1, timeout=timeout, settings=read_settings(Path.cwd()), stub=stub)
    reply = load_one(Path(path), name, output, loading, form)
    if reply.text is None:
        raise MfpError(f"{path}: {(reply.error or '').rstrip('.')}", reply.remedy or "")
    if reply.note:
        click.echo(f"mfp: {path}: {reply.note}", err=True)
    return reply
