"""Find the flows of a repository and convert them: what several commands do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mfp.convert.memory.cache import open_cache
from mfp.convert.run import Loading, convert, processors
from mfp.convert.shard import Shard, read_shard
from mfp.convert.writing.namesakes import mark_namesakes
from mfp.convert.writing.outcome import Outcome, Writing
from mfp.convert.writing.plan import Planned, plan
from mfp.discover import Discovery, NotebookFlow, discover
from mfp.settings import Settings, read_settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which flows are converted, and how: the options that several commands have.

    Attributes:
        paths: Where flows are looked for; if there are none, in the current folder.
        output_dir: Where the generated files go.
        jobs: How many flows are loaded at once; None is the number of processors.
        timeout: How many seconds loading one flow may take.
        json_file: Where the results go; None is nowhere.
        include: Patterns of the files that are read.
        exclude: Patterns of what is left out.
        missing_imports: `stub` if stand-ins take the place of modules that are not installed.
        shard: Which part of the flows, as `I/N`.
        no_cache: Whether to load all flows, also those that did not change.
    """

    paths: tuple[str, ...] = ()
    output_dir: str = "prefect_flows"
    jobs: int | None = None
    timeout: float = 60
    json_file: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    missing_imports: str = "error"
    shard: str = "1/1"
    no_cache: bool = False

    @property
    def part(self) -> Shard:
        """The shard, read."""
        return read_shard(self.shard)


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of a repository.

    Attributes:
        planned: The flows and their files, also those of other parts.
        outcomes: What became of each, and the files in which flows cannot be told; by paths.
        settings: What `pyproject.toml` says.
        notebooks: The flows in notebooks.
    """

    planned: list[Planned]
    outcomes: list[Outcome]
    settings: Settings
    notebooks: tuple[NotebookFlow, ...] = ()


def convert_repository(selection: Selection, writing: Writing) -> Converted:
    """Find flows and convert them; one that fails stops nothing.

    Args:
        selection: Which flows, and how.
        writing: How the files are written.

    Returns:
        What became of them.

    Raises:
        UsageError: If a path, a pattern or a setting makes no sense.
    """
    shard = selection.part
    settings = read_settings(Path.cwd())
    found = discover_selection(selection)
    planned = plan(found.flows, selection.paths or (".",), selection.output_dir, settings)
    loading = Loading(
        jobs=selection.jobs or processors(),
        timeout=selection.timeout,
        settings=settings,
        stub=selection.missing_imports == "stub",
        folder=selection.output_dir,
    )
    memory = open_cache(use=not selection.no_cache)
    outcomes = [
        *convert(shard.part(planned), loading, writing, memory),
        *shard.part(list(unreadable(found))),
    ]
    outcomes = mark_namesakes(outcomes, planned, found.problems, settings)
    return Converted(
        planned,
        sorted(outcomes, key=lambda one: (one.path, one.line or 0)),
        settings,
        found.notebooks,
    )


def discover_selection(selection: Selection) -> Discovery:
    """Find the flows that are selected, of all parts.

    Args:
        selection: Which flows.

    Returns:
        What was found.

    Raises:
        UsageError: If a path or a pattern makes no sense.
    """
    return discover(
        selection.paths or (".",),
        root=Path.cwd(),
        include=selection.include,
        exclude=selection.exclude,
    )


def unreadable(found: Discovery) -> Iterator[Outcome]:
    """Count files in which flows cannot be told as failed.

    Args:
        found: What was found.

    Yields:
        An outcome for each such file.
    """
    for problem in found.problems:
        yield Outcome(
            path=problem.path,
            name=None,
            line=problem.line,
            output=None,
            status="failed",
            error=problem.message,
            remedy=problem.remedy,
        )
