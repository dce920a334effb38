"""What a generated file says about itself: its header, docstring and checksum.

All of it is written here and read here. This module is cheap to import.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from metaflow_prefect.__about__ import __version__
from metaflow_prefect.generate.literals import escaped

MARK = b"# metaflow-prefect "
# Some editors put a byte order mark at the beginning, some Git settings end lines by CR LF.
_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(MARK + rb"\S+ \S+ ([0-9a-f]{16})\r?\n")
_MADE_FROM = re.compile(r"Prefect flow of the Metaflow flow (\S+), made from (.+)\.", re.DOTALL)
_LONGEST_HEADER = 4096


@dataclass(frozen=True)
class Origin:
    """What a file was generated from.

    Args:
        flow: The name of the flow's class.
        source: The path of the flow's file, relative to the generated file's folder.
    """

    flow: str
    source: str


def with_header(body: str, flow: str) -> str:
    """Put the first line before the rest of a generated file.

    Args:
        body: The rest.
        flow: The name of the flow's class.
    """
    return f"{MARK.decode()}{__version__} {flow} {_checksum(body.encode())}\n{body}"


def docstring(origin: Origin, output: str, function: str, options: str = "") -> str:
    """Write the docstring of a generated file.

    Args:
        origin: What it is made from.
        output: Its own name.
        function: The name of the Prefect flow's function.
        options: What `create` is to be told besides, as words of a shell.

    Returns:
        The docstring's source, with its quotes.
    """
    source, file = shlex.quote(origin.source), shlex.quote(output)
    lines = (
        f"Prefect flow of the Metaflow flow {origin.flow}, made from {origin.source}.",
        "",
        "Do not edit it: change the flow and make it again.",
        "",
        f"    python {source} prefect create {' '.join((file, *options.split()))}",
        f"    python {file} --help",
        f"    prefect deploy {shlex.quote(f'{output}:{function}')}",
        "",
    )
    return '"""' + "\n".join(docstring_text(line) for line in lines) + '"""'


def docstring_text(text: str) -> str:
    """Return a text as it must be written inside of a docstring's line."""
    return escaped(text).replace('"""', r"\"\"\"")


def is_generated(path: Path) -> bool:
    """Return whether a file was made by metaflow-prefect, by its first line.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return _HEADER.match(file.readline(_LONGEST_HEADER).removeprefix(_BOM)) is not None


def is_edited(data: bytes) -> bool:
    """Return whether a generated file has been edited since, by its checksum.

    Args:
        data: The file.
    """
    header = _HEADER.match(data.removeprefix(_BOM))
    _, _, body = data.partition(b"\n")
    return header is None or header[1].decode() != _checksum(body.replace(b"\r\n", b"\n"))


def origin_of(data: bytes) -> Origin | None:
    """Return what a generated file was made from.

    Args:
        data: The file.

    Returns:
        Its origin; `None` if it does not say.
    """
    import ast  # noqa: PLC0415 - seldom needed

    _, _, body = data.partition(b"\n")
    line = body.partition(b"\n")[0].decode("utf-8", "replace").rstrip()
    try:
        found = _MADE_FROM.fullmatch(ast.literal_eval(f'{line}"""'))
    except (SyntaxError, TypeError, ValueError):
        return None
    return Origin(found[1], found[2]) if found else None


def _checksum(body: bytes) -> str:
    return sha256(body).hexdigest()[:16]
