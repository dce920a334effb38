"""Every error that `mfp` raises: what went wrong, what to do next, the exit code."""

from typing import ClassVar

DEFECT = 70


class MfpError(Exception):
    """An error that ends the command with a message, and a traceback only under `--debug`.

    Args:
        message: What went wrong, as a sentence without its full stop.
        remedy: What to do next, as a whole sentence.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Give message and remedy in one line."""
        return f"{self.message}. {self.remedy}"


class UsageError(MfpError):
    """The command line asks for something that cannot be done."""

    exit_code = 2


class PathNotFoundError(UsageError):
    """A path on the command line is neither a file nor a folder.

    Args:
        path: The path as it was given.
    """

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} is neither a file nor a folder",
            "Check its spelling; paths are relative to the current folder.",
        )


class BadPatternError(UsageError):
    """A pattern of `--include` or `--exclude` is not in gitignore syntax.

    Args:
        pattern: The pattern as it was given.
    """

    def __init__(self, pattern: str) -> None:
        super().__init__(
            f"The pattern {pattern!r} is not in gitignore syntax",
            "Write it as a line of a .gitignore file, for example 'tests/' or '*_flow.py'.",
        )


def explained(error: BaseException) -> tuple[str, int]:
    """Say what went wrong and what to do next.

    Args:
        error: What ended the command.

    Returns:
        Both, as sentences, and the exit code.
    """
    if isinstance(error, MfpError):
        return str(error), error.exit_code
    if isinstance(error, OSError):
        place = "" if error.filename is None else f"{error.filename}: "
        text = f"{place}{error.strerror or error}. Check the disk and the permissions."
        return text, MfpError.exit_code
    text = f"{type(error).__name__}: {error}. This is a defect of mfp: report it, please, "
    return f"{text}with what 'mfp --debug' shows.", DEFECT
