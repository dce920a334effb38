"""Write generated files: atomically, only where they may go, and recognise them."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from uuid import uuid4

from metaflow_prefect.errors import OutputProblem
from metaflow_prefect.generate.generated_file import is_generated


def check_output(output: Path, source: Path) -> None:
    """Refuse a place where a generated file must not be written.

    Args:
        output: Where it should go.
        source: The flow's file.

    Raises:
        OutputProblem: It would overwrite something else, or its folder does not exist.
    """
    if output.exists() and source.exists() and output.samefile(source):
        raise OutputProblem(
            f"{output} is the flow's own file.", "Give the generated file another name."
        )
    if output.is_dir():
        raise OutputProblem(f"{output} is a folder.", "Give the name of a file in it.")
    if not output.parent.is_dir():
        raise OutputProblem(
            f"The folder {output.parent} does not exist.", "Make it first, or choose another."
        )
    if output.exists() and not output.is_file():
        raise OutputProblem(f"{output} is not a regular file.", "Give the name of a file.")
    if output.exists() and not is_generated(output):
        raise OutputProblem(
            f"{output} exists and was not made by metaflow-prefect.",
            "Move it away or choose another name.",
        )


def write_text(path: Path, text: str) -> bool:
    """Write a file whole or not at all; a file that has the text already is left alone.

    Returns:
        Whether the file has changed.

    Raises:
        OutputProblem: It cannot be written.
    """
    data = text.encode()
    try:
        if path.exists() and path.read_bytes() == data:
            return False
        mode = path.stat().st_mode & 0o777 if path.exists() else None
        new = path.with_name(f".{path.name}.{uuid4().hex}")
        # The system takes the umask off, which could only be read by changing it.
        with open(new, "xb", opener=partial(os.open, mode=0o666)) as file:
            try:
                file.write(data)
                file.close()
                if mode is not None:
                    new.chmod(mode)
                new.replace(path)
            except BaseException:
                new.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OutputProblem(
            f"{path} cannot be written: {error.strerror}.", "Choose another place."
        ) from error
    return True
