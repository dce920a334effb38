"""Tell from a file's bytes, without parsing it, whether a flow can be in it.

Parsing costs a hundred times as much as reading, and most files of a repository have nothing to
do with Metaflow. What is said here errs on the side of parsing.
"""

import mmap
import os
import re
from dataclasses import dataclass

from metaflow_prefect.generate.generated_file import MARK

# Beyond these sizes, in bytes, a file is data: parsing it would take minutes and gigabytes.
LARGEST_SOURCE = 10 * 2**20
LARGEST_NOTEBOOK = 100 * 2**20
READ_SIZE = 2**20

# Simple on purpose: over a repository each further alternative in these costs half a second.
_FROM = re.compile(rb"from[ \t\f\\\r\n]+([.\w\x80-\xff]+)")
_IMPORT = re.compile(rb"import[ \t\f]*(\((?:[^)#]+|#[^\n]*)*|(?:[^\n\\]+|\\\r?\n?)+)")
_WORD = re.compile(rb"[\w\x80-\xff]+")


class TooLargeError(Exception):
    """A file that speaks of Metaflow is too large to be parsed."""


@dataclass(frozen=True, slots=True)
class Imports:
    """What a file imports; a few more words than there are do no harm.

    Attributes:
        words: All parts of the names of modules, and all names taken from them.
        names: What stands after `import`.
    """

    words: frozenset[bytes]
    names: bytes

    def may_take(self, module: bytes, names: set[bytes]) -> bool:
        """Say whether the file imports a module, or one of some names from it.

        Args:
            module: The last part of the module's name.
            names: The names.

        Returns:
            Whether it may; a star brings any name.
        """
        if module not in self.words:
            return False
        if b"*" in self.names:
            return True
        taken = set(_WORD.findall(self.names))
        return module in taken or not names.isdisjoint(taken)


def read(path: str) -> bytes:
    """Read a file whole.

    Args:
        path: The file.

    Returns:
        Its bytes; none if it is so large that it is data, and does not speak of Metaflow; and
        none of a file that was generated from a flow: it holds the runtime, which does.

    Raises:
        OSError: If it cannot be read.
        TooLargeError: If it is so large that it is data, and does speak of Metaflow.
    """
    limit = LARGEST_NOTEBOOK if path.endswith(".ipynb") else LARGEST_SOURCE
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # half the time of a file object
    try:
        size = os.fstat(descriptor).st_size
        if size > limit:
            with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
                if content.find(b"FlowSpec") >= 0:
                    raise TooLargeError(path)
            return b""
        data = os.read(descriptor, size + 1)
        while more := os.read(descriptor, READ_SIZE) if len(data) < size else b"":
            data += more
        return b"" if data.startswith(MARK) else data
    finally:
        os.close(descriptor)


def may_hold_flow(data: bytes) -> bool:
    """Say whether a file can hold a flow by what it says itself.

    Either it names `FlowSpec`; or it takes `step` from Metaflow and derives a class from one of a
    library. A class derived from one of another file of the repository may do neither:
    `may_import` finds it.

    Args:
        data: The file's bytes.

    Returns:
        Whether to parse it.
    """
    if b"FlowSpec" in data:
        return True
    return b"metaflow" in data and b"step" in data and b"class" in data


def imports_of(data: bytes, path: str) -> Imports:
    """Find what a file imports.

    Args:
        data: The file's bytes.
        path: The file.

    Returns:
        The words of its import statements. For a module that is given by dots alone, the name
        of the folder that they stand for.
    """
    modules = _FROM.findall(data)
    names = b"\n".join(_IMPORT.findall(data))
    words = _WORD.findall(b"\n".join((*modules, names)))
    for module in modules:
        if module[-1:] == b".":
            words.append(os.fsencode(_above(path, len(module))))
    return Imports(frozenset(words), names)


def _above(path: str, level: int) -> str:
    """Name the folder that a number of dots stands for; an empty name if there are not so many."""
    return path.rsplit("/", level)[0].rpartition("/")[2]
