"""Find the flows of a repository and convert them: what several commands do."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from mfp.convert.cache import open_cache
from mfp.convert.outcome import Outcome, Writing
from mfp.convert.plan import Planned, plan
from mfp.convert.run import Loading, convert, processors
from mfp.discover import Discovery, discover
from mfp.settings import Settings, read_settings
from mfp.terminal import printable


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which flows are converted, and how: the options that several commands have.

    Attributes:
        paths: Where flows are looked for.
        output_dir: Where the generated files go.
        jobs: How many flows are loaded at once; None is the number of processors.
        timeout: How many seconds loading one flow may take.
        json_file: Where the results go; None is nowhere.
        include: Patterns of the files that are read.
        exclude: Patterns of what is left out.
        missing_imports: `stub` if stand-ins take the place of modules that are not installed.
        no_cache: Whether to load all flows, also those that did not change.
    """

    paths: tuple[str, ...]
    output_dir: str
    jobs: int | None
    timeout: float
    json_file: str | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    missing_imports: str
    no_cache: bool


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of a repository.

    Attributes:
        planned: The flows and their files.
        outcomes: What became of each, and the files in which flows cannot be told; by paths.
        settings: What `pyproject.toml` says.
    """

    planned: list[Planned]
    outcomes: list[Outcome]
    settings: Settings


def convert_repository(selection: Selection, writing: Writing) -> Converted:
    """Find flows and convert them; flows in notebooks are mentioned on standard error.

    Args:
        selection: Which flows, and how.
        writing: How the files are written.

    Returns:
        What became of them.

    Raises:
        UsageError: If a path, a pattern or a setting makes no sense.
    """
    paths = selection.paths or (".",)
    settings = read_settings(Path.cwd())
    found = discover(paths, root=Path.cwd(), include=selection.include, exclude=selection.exclude)
    planned = plan(found.flows, paths, selection.output_dir, settings)
    loading = Loading(
        jobs=selection.jobs or processors(),
        timeout=selection.timeout,
        settings=settings,
        stub=selection.missing_imports == "stub",
        folder=selection.output_dir,
    )
    memory = open_cache(use=not selection.no_cache)
    outcomes = [*convert(planned, loading, writing, memory), *_unreadable(found)]
    _show_notebooks(found)
    return Converted(planned, sorted(outcomes, key=lambda one: (one.path, one.line or 0)), settings)


def _unreadable(found: Discovery) -> Iterable[Outcome]:
    """Count files in which flows cannot be told as failed."""
    return [
        Outcome(
            path=problem.path,
            name=None,
            line=problem.line,
            output=None,
            status="failed",
            error=problem.message,
            remedy=problem.remedy,
        )
        for problem in found.problems
    ]


def _show_notebooks(found: Discovery) -> None:
    for flow in found.notebooks:
        text = f"{flow.path}: cell {flow.cell}: {flow.name} is in a notebook and cannot be "
        click.echo(printable(text + "converted. Move the class into a .py file."), err=True)
