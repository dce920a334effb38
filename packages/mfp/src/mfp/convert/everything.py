"""Convert the flows of a repository: find them, plan, convert, and settle what is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mfp.convert.cache import open_cache
from mfp.convert.gone import Gone, gone
from mfp.convert.outcome import Outcome, Writing, difference
from mfp.convert.plan import plan
from mfp.convert.run import Loading, convert, processors
from mfp.convert.shard import WHOLE, Shard
from mfp.discover import Discovery, NotebookFlow, discover
from mfp.settings import read_settings

Fate = Literal["removed", "would be removed", "edited", "kept"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What to convert, and how; the options of `mfp convert-all`.

    Attributes:
        paths: Files and folders, relative to the current folder.
        output_dir: The folder that generated files go to.
        jobs: How many flows are loaded at once; None for as many as there are processors.
        timeout: How many seconds loading one flow may take.
        include: Patterns in gitignore syntax; if there are any, a file must match.
        exclude: Patterns in gitignore syntax; no file may match.
        missing_imports: Whether stand-ins take the place of modules that are not installed.
        no_cache: Whether to load also flows that did not change.
        check: Whether to write nothing and to say what would change.
        prune: Whether to remove generated files whose flow is gone.
        force: Whether to overwrite generated files that were edited by hand.
        shard: Which part of the flows.
    """

    paths: tuple[str, ...]
    output_dir: str = "prefect_flows"
    jobs: int | None = None
    timeout: float = 60
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    missing_imports: Literal["stub", "error"] = "error"
    no_cache: bool = False
    check: bool = False
    prune: bool = False
    force: bool = False
    shard: Shard = WHOLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """A generated file whose flow is gone.

    Attributes:
        path: The file.
        fate: What became of it; `edited` is one that was to be removed, but is somebody's work.
        difference: What its removal would change, as a unified diff, if it is only checked.
    """

    path: Path
    fate: Fate
    difference: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """What became of everything.

    Attributes:
        outcomes: The flows, and the files that cannot be read for flows, by path and line.
        notebooks: The flows in notebooks.
        removals: The generated files whose flow is gone, by path.
    """

    outcomes: tuple[Outcome, ...]
    notebooks: tuple[NotebookFlow, ...]
    removals: tuple[Removal, ...]

    @property
    def failed(self) -> bool:
        """Whether anything could not be done."""
        return any(one.status == "failed" for one in self.outcomes) or any(
            one.fate == "edited" for one in self.removals
        )

    @property
    def differs(self) -> bool:
        """Whether a check found files that would be new, changed or removed."""
        flows = any(one.difference for one in self.outcomes)
        return flows or any(one.difference for one in self.removals)


def convert_everything(options: Options) -> Converted:
    """Convert the flows of a repository, below the current folder.

    Args:
        options: What to convert, and how.

    Returns:
        What became of each; one that fails stops nothing.

    Raises:
        UsageError: If a path, a pattern or the settings cannot be understood.
        OSError: If a file that is to be removed cannot be.
    """
    settings = read_settings(Path.cwd())
    found = discover(
        options.paths, root=Path.cwd(), include=options.include, exclude=options.exclude
    )
    planned = plan(found.flows, options.paths, options.output_dir, settings)
    loading = Loading(
        jobs=options.jobs or processors(),
        timeout=options.timeout,
        settings=settings,
        stub=options.missing_imports == "stub",
        folder=options.output_dir,
    )
    writing = Writing(check=options.check, force=options.force)
    memory = open_cache(use=not options.no_cache)
    outcomes = [
        *convert(options.shard.part(planned), loading, writing, memory),
        *options.shard.part(tuple(unreadable(found))),
    ]
    # What is gone belongs to no flow, and so to the first part.
    orphans = gone(Path(options.output_dir), planned) if options.shard.number == 1 else []
    return Converted(
        outcomes=tuple(sorted(outcomes, key=lambda one: (one.path, one.line or 0))),
        notebooks=found.notebooks if options.shard.number == 1 else (),
        removals=tuple(_settle(file, options) for file in orphans),
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


def _settle(file: Gone, options: Options) -> Removal:
    if options.check:
        text = difference(file.path.read_bytes(), None, file.path)
        return Removal(path=file.path, fate="would be removed", difference=text)
    if not options.prune:
        return Removal(path=file.path, fate="kept")
    if file.edited and not options.force:
        return Removal(path=file.path, fate="edited")
    file.path.unlink()
    return Removal(path=file.path, fate="removed")
