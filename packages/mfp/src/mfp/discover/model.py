"""What discovery finds; plain data that the other commands build on."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundFlow:
    """A class that Metaflow could run.

    Attributes:
        path: The file, relative to the root; it begins with `..` if it is outside.
        line: The line of the `class` statement, from 1.
        name: The class's name.
        bases: The bases as written.
        steps: The names of all steps, in the order of the class's MRO: its own first, in the
            order of the source, then those it inherits.
        decorators: The decorators of the class and its bases and of its steps, each once and
            sorted, without arguments and without `step`: Metaflow's under Metaflow's name for
            them, however they were imported, others as written.
    """

    path: PurePosixPath
    line: int
    name: str
    bases: tuple[str, ...]
    steps: tuple[str, ...]
    decorators: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NotebookFlow:
    """A flow in a notebook; it cannot be converted as it stands.

    Attributes:
        path: The notebook, relative to the root.
        cell: The number of the cell among all cells, from 1.
        line: The line of the `class` statement in that cell, from 1.
        name: The class's name.
        steps: As in `FoundFlow`.
    """

    path: PurePosixPath
    cell: int
    line: int
    name: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        """Say where it is, and how it can be converted."""
        return (
            f"{self.path}: cell {self.cell}: {self.name} is in a notebook and cannot be converted. "
            "Move the class into a .py file."
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A class that derives from `FlowSpec` and is no flow by itself.

    Attributes:
        path: The file, relative to the root.
        line: The line of the `class` statement, from 1.
        name: The class's name.
        reason: Why it is no flow.
    """

    path: PurePosixPath
    line: int
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something that keeps a flow from being seen.

    Attributes:
        path: The file or folder, relative to the root.
        line: The line, from 1; None if it concerns the whole file.
        message: What is wrong, without a full stop.
        remedy: What to do next, as a whole sentence.
    """

    path: PurePosixPath
    line: int | None
    message: str
    remedy: str

    def __str__(self) -> str:
        """Give the problem in one line, as compilers do."""
        place = str(self.path) if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}. {self.remedy}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Discovery:
    """All that was found; each tuple is sorted by path, then line.

    Attributes:
        flows: The flows.
        problems: What could not be read.
        notebooks: The flows in notebooks.
        left_out: Bases of flows, and classes without steps.
        others: The flows in the rest of the repository, which were not asked for.
    """

    flows: tuple[FoundFlow, ...] = field(default=())
    problems: tuple[Problem, ...] = field(default=())
    notebooks: tuple[NotebookFlow, ...] = field(default=())
    left_out: tuple[LeftOut, ...] = field(default=())
    others: tuple[FoundFlow, ...] = field(default=())
