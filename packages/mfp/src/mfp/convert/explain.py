"""From an exception in a flow's file to a sentence and a remedy."""

import traceback
from pathlib import Path

from metaflow._vendor import click
from metaflow.exception import MetaflowException
from metaflow_prefect.errors import MetaflowPrefectError

from mfp.convert.loading.exchange import LoadError

STUB_REMEDY = "Install {name}, or convert without it by --missing-imports stub."


def explained(error: BaseException, path: str) -> tuple[str, str]:  # noqa: PLR0911
    """Say why a flow was not converted.

    Args:
        error: What loading raised.
        path: The flow's file.

    Returns:
        The reason, without a full stop, and the remedy.
    """
    match error:
        case LoadError():
            return error.message, error.remedy
        case MetaflowPrefectError():
            return error.message, error.remedy or "Change the flow accordingly."
        case MetaflowException():
            place = f" (line {error.line_no})" if error.line_no else ""
            return f"{error.headline}{place}: {error.message}", "Change the flow accordingly."
        case click.ClickException():
            return error.format_message(), "Correct the option, or the config that it names."
        case ModuleNotFoundError() if error.name:
            return (
                f"The module {error.name} is not installed{_place(error, path)}",
                STUB_REMEDY.format(name=error.name.partition(".")[0]),
            )
        case ImportError() if "relative import" in str(error):
            return (
                f"The file uses relative imports{_place(error, path)}",
                "Import absolutely: Metaflow starts the file by its path, outside of a package.",
            )
        case SyntaxError():
            return (
                f"{error.filename or path}:{error.lineno} is not valid Python: {error.msg}",
                "Correct the syntax.",
            )
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    return (
        f"Loading the flow raised {text}{_place(error, path)}",
        f"Make python {Path(path).name} show work, or leave the file out with --exclude.",
    )


def _place(error: BaseException, path: str) -> str:
    """Give the line of the flow's file that the error passed through, and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == path]
    return f" (line {own[-1].lineno})" if own else ""
