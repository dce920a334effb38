"""Find the flows of a repository by reading its source; nothing is imported or run."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mfp.discover.files.ignore import repository_top
from mfp.discover.files.select import Selection, pattern_filter, select
from mfp.discover.files.source import EXCLUDE, UnreadableError, too_deep
from mfp.discover.flows import Candidate, examine
from mfp.discover.model import Discovery, FoundFlow, LeftOut, NotebookFlow, Problem
from mfp.discover.names.bindings import Class
from mfp.discover.names.modules import Finder
from mfp.discover.repository import Repository, unreadable


def discover(
    paths: Iterable[str | os.PathLike[str]],
    *,
    root: str | os.PathLike[str],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    project: str | os.PathLike[str] | None = None,
    patterns_in: str | os.PathLike[str] | None = None,
) -> Discovery:
    """Find every flow in some files and folders.

    A class is a flow if it derives from Metaflow's `FlowSpec` and its own and inherited steps
    have a start and an end. Classes in functions or other classes are none: they cannot be
    loaded by name. What is ignored by git, hidden, a virtual environment or a cache is passed
    over; a file that is named is always read. Whatever is asked for, all of the git repository
    that it is in is searched for bases.

    Args:
        paths: Files and folders, relative to the root.
        root: The folder that paths and results are relative to.
        include: Patterns in gitignore syntax; if there are any, a file must match one.
        exclude: Patterns in gitignore syntax; a file must match none.
        project: A folder that is looked at, too, as the git repository is.
        patterns_in: The folder that patterns are relative to, if that is not the root.

    Returns:
        What was found, the same for the same files whatever their order on disk.

    Raises:
        PathNotFoundError: If a path is neither a file nor a folder.
        BadPatternError: If a pattern is not in gitignore syntax.
    """
    paths = tuple(paths)
    base = os.path.abspath(root)  # noqa: PTH100
    patterns = base if patterns_in is None else os.path.abspath(patterns_in)  # noqa: PTH100
    wanted = pattern_filter(patterns, include, exclude)
    selection = select(paths, root=base, wanted=wanted)
    asked = {os.path.normpath(Path(base, path)) for path in paths}
    tops = {top for path in asked if (top := repository_top(path)) is not None}
    if project is not None:
        tops.add(os.path.abspath(project))  # noqa: PTH100
    # What a class is depends on the bases and derived classes that are elsewhere: so all of a
    # repository is looked at, whatever part of it was asked for.
    whole = wanted is None and tops <= asked
    around = selection if whole else select(sorted(tops), root=base)
    repository = Repository(
        Finder(base, tuple(sorted({*selection.distributions, *around.distributions})))
    )
    repository.add((*selection.files, *around.files))
    return _report(repository, selection, base).discovery()


@dataclass(slots=True)
class _Report:
    """Sorts classes into what `Discovery` tells apart."""

    root: str
    flows: list[FoundFlow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notebooks: list[NotebookFlow] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    others: list[FoundFlow] = field(default_factory=list)

    def relative(self, path: str) -> PurePosixPath:
        return PurePosixPath(os.path.relpath(path, self.root))

    def fail(self, path: str, error: UnreadableError) -> None:
        self.problems.append(
            Problem(
                path=self.relative(path),
                line=error.line,
                message=error.message,
                remedy=error.remedy,
            )
        )

    def leave_out(self, found: Class, reason: str) -> None:
        self.left_out.append(
            LeftOut(path=self.relative(found.path), line=found.line, name=found.name, reason=reason)
        )

    def add_flow(self, candidate: Candidate) -> None:
        found = candidate.found
        self.flows.append(
            FoundFlow(
                path=self.relative(found.path),
                line=found.line,
                name=found.name,
                bases=tuple(base.text for base in found.bases),
                steps=tuple(step.name for step in candidate.steps),
                decorators=candidate.decorators,
            )
        )

    def discovery(self) -> Discovery:
        return Discovery(
            flows=tuple(sorted(self.flows, key=lambda one: (one.path, one.line))),
            problems=tuple(sorted(self.problems, key=lambda one: (one.path, one.line or 0))),
            notebooks=tuple(sorted(self.notebooks, key=lambda one: (one.path, one.cell, one.line))),
            left_out=tuple(sorted(self.left_out, key=lambda one: (one.path, one.line))),
            others=tuple(sorted(self.others, key=lambda one: (one.path, one.line))),
        )


def _report(repository: Repository, selection: Selection, root: str) -> _Report:
    report, rest = _Report(root), _Report(root)
    wanted = set(selection.files)
    for path, error in selection.failures:
        report.fail(path, unreadable(error))
    candidates: list[Candidate] = []
    derived_from: set[tuple[str, int]] = set()
    for found in repository.classes():
        try:
            candidate = examine(found, repository.resolver)
        except RecursionError:
            repository.failures[found.path] = too_deep()
            continue
        if candidate is None:
            continue
        candidates.append(candidate)
        derived_from.update((one.path, one.position) for one in candidate.lineage.order[1:])
    loadable = _loadable(candidates)
    for candidate in candidates:
        found = candidate.found
        if loadable.get((found.path, found.name)) is found:
            to = report if found.path in wanted else rest
            _place(candidate, (found.path, found.position) in derived_from, repository, to)
    report.others += rest.flows
    for path, failure in repository.failures.items():
        if path in wanted:
            report.fail(path, failure)
    return report


def _loadable(candidates: Iterable[Candidate]) -> dict[tuple[str, str], Class]:
    """Of several classes with one name in one file, find the one that the name stands for."""
    loadable: dict[tuple[str, str], Class] = {}
    for candidate in candidates:
        found = candidate.found
        if found.certain or (found.path, found.name) not in loadable:
            loadable[found.path, found.name] = found
    return loadable


def _place(candidate: Candidate, derived_from: bool, repository: Repository, to: _Report) -> None:
    """Decide what a class is."""
    found, lineage, missing = candidate.found, candidate.lineage, candidate.missing
    if derived_from:
        missing = missing or candidate.left_to_others
    notebook = repository.notebooks.get(found.path)
    if notebook is not None:
        if lineage.flow and not missing:
            cell, line = notebook.place(found.line)
            to.notebooks.append(
                NotebookFlow(
                    path=to.relative(found.path),
                    cell=cell,
                    line=line,
                    name=found.name,
                    steps=tuple(step.name for step in candidate.steps),
                )
            )
    elif not lineage.flow:
        # Its base is in a library; its steps are Metaflow's: a flow, unless it is a mixin.
        if not derived_from:
            to.add_flow(candidate)
    elif not missing or (candidate.steps and lineage.unknown and not derived_from):
        to.add_flow(candidate)
    elif derived_from or not candidate.steps:
        to.leave_out(found, missing)
    else:
        to.problems.append(
            Problem(
                path=to.relative(found.path),
                line=found.line,
                message=f"{found.name} has {missing}, and no class derives from it",
                remedy="Name its first step start and its last end, or mark them with "
                f"@step(start=True) and @step(end=True); or {EXCLUDE}.",
            )
        )
