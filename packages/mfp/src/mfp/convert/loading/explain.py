"""From an exception in a flow's file to a sentence and a remedy."""

import re
import traceback
from pathlib import Path

from metaflow_prefect.errors import MetaflowPrefectError
from metaflow_prefect.load.refusals import ADDRESS, in_our_terms

from mfp.convert.installed import installed_folders

STUB_REMEDY = "Install {name}, or convert without it by --missing-imports stub."
LIBRARY_REMEDY = (
    "Install {name}: the library {library} imports it itself, and only the repository's own "
    "imports get stubs, as a library may do without a module that it asks for."
)
PLACE = re.compile(r"\bline (\d+)\b")  # of the first of a flow's problems


def explained(error: BaseException, path: str) -> tuple[str, str]:
    """Say why a flow was not converted.

    Args:
        error: What loading raised.
        path: The flow's file.

    Returns:
        The reason, without a full stop, and the remedy.
    """
    error = in_our_terms(error)
    match error:
        case MetaflowPrefectError():
            return error.message.rstrip("."), error.remedy or "Change the flow accordingly."
        case ModuleNotFoundError() if error.name:
            name = error.name.partition(".")[0]
            library = _library(error)
            remedy = LIBRARY_REMEDY if library else STUB_REMEDY
            return (
                f"The module {error.name} is not installed{_place(error, path)}",
                remedy.format(name=name, library=library),
            )
        case ImportError() if "relative import" in str(error):
            return (
                f"The file uses relative imports{_place(error, path)}",
                "Use absolute imports: Metaflow runs the file as a script, outside of a package.",
            )
        case SyntaxError():
            place = f"Line {error.lineno}"
            if error.filename not in (None, path):
                place = f"{_shown(error.filename)}:{error.lineno}"
            return f"{place} is not valid Python: {error.msg}", "Correct the syntax."
    text = ADDRESS.sub("", f"{type(error).__name__}: {error}").rstrip(": ")
    return (
        f"Loading the flow raised {text}{_place(error, path)}",
        f"Make python {Path(path).name} show work, or leave the file out with --exclude.",
    )


def line_of(error: BaseException, path: str) -> int | None:
    """Give the line of the flow's file that an error is about, if it is about one.

    Args:
        error: What loading raised.
        path: The flow's file.
    """
    error = in_our_terms(error)
    match error:
        case SyntaxError() if error.filename == path:
            return error.lineno
        case MetaflowPrefectError() if found := PLACE.search(error.message):
            return int(found[1])
    lines = [it.lineno for it in traceback.extract_tb(error.__traceback__) if it.filename == path]
    return lines[-1] if lines else None


def _place(error: BaseException, path: str) -> str:
    """Give the line of the flow's file that the error passed through, and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path]
    if not lines:
        return ""
    inner = [frame for frame in frames if _is_in_repository(frame.filename)][-1]
    origin = "" if inner.filename == path else f", from {_shown(inner.filename)}:{inner.lineno}"
    return f" (line {lines[-1]}{origin})"


def _library(error: BaseException) -> str:
    """Name the library whose code raised an error; empty if it was the repository's own."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_in_repository(frame.filename):
            return ""
        for folder in installed_folders():
            if frame.filename.startswith(folder):
                return frame.filename.removeprefix(folder).partition("/")[0].removesuffix(".py")
    return ""


def _is_in_repository(file: str) -> bool:
    return not file.startswith((*installed_folders(), "<"))


def _shown(file: str) -> str:
    """Give a path as users know it: relative to the current folder, if it is below that."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
