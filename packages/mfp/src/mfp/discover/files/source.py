"""From a file's bytes to its syntax tree, or to one line on why not."""

import ast
import io
import tokenize
import warnings


class UnreadableError(Exception):
    """A source that Python does not accept.

    Args:
        line: The line, from 1; None if it concerns the whole file.
        message: What is wrong, without a full stop.
        remedy: What to do next, as a whole sentence.
    """

    def __init__(self, line: int | None, message: str, remedy: str) -> None:
        super().__init__(line, message, remedy)
        self.line = line
        self.message = message
        self.remedy = remedy


EXCLUDE = "leave the file out with --exclude"


def parse(source: bytes | str) -> ast.Module:
    """Parse Python source of any encoding that it declares.

    Args:
        source: The bytes of a file, or text.

    Returns:
        The tree.

    Raises:
        UnreadableError: If it is not Python of the running version.
    """
    if isinstance(source, bytes):
        _check_encoding(source)
    try:
        with warnings.catch_warnings():
            # An invalid escape in somebody's flow is not what is asked about here.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (RecursionError, MemoryError) as error:
        raise too_deep() from error
    except SyntaxError as error:
        raise _not_python(error.msg, error.lineno or _line_of_null(source)) from error
    except ValueError as error:
        # Python up to 3.11 raises this for null bytes, and every version for lone surrogates.
        raise _not_python(str(error), _line_of_null(source)) from error


def too_deep() -> UnreadableError:
    """Make the error for source that is nested more deeply than Python can follow."""
    return UnreadableError(
        None,
        "the code is nested too deeply to be read",
        f"Move generated data out of the flow's file, or {EXCLUDE}.",
    )


def _not_python(message: str, line: int | None) -> UnreadableError:
    """Say what the parser said, and of Python 2 that it is that."""
    if message.startswith("Missing parentheses in call to"):
        return UnreadableError(
            line,
            f"is Python 2, not 3: {message[0].lower()}{message[1:]}",
            f"Port it to Python 3, or {EXCLUDE}.",
        )
    return UnreadableError(
        line, f"is not valid Python: {message}", f"Correct the syntax, or {EXCLUDE}."
    )


def _check_encoding(source: bytes) -> None:
    """Decode as `python file.py` does: `ast.parse` alone lets pass what is in a comment."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        source.decode(encoding)
    except (SyntaxError, UnicodeError, LookupError) as error:
        raise UnreadableError(
            _line_not_decoded(source, error),
            f"cannot be decoded: {error}",
            "Save the file as UTF-8, or declare its encoding in the first line, "
            f"as in '# -*- coding: latin-1 -*-'; or {EXCLUDE}.",
        ) from error


def _line_not_decoded(source: bytes, error: Exception) -> int:
    """Find the line of the first byte that could not be decoded; 1 if the encoding is unknown."""
    if isinstance(error, UnicodeDecodeError):
        return source.count(b"\n", 0, error.start) + 1
    try:
        source.decode("utf-8-sig")
    except UnicodeDecodeError as undeclared:
        return _line_not_decoded(source, undeclared)
    return 1


def _line_of_null(source: bytes | str) -> int | None:
    """Find the line of the first null byte."""
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    place = data.find(b"\0")
    return None if place < 0 else data.count(b"\n", 0, place) + 1
