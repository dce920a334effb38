"""Find the flows of a repository and convert them: what several commands do."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from mfp.convert.memory.cache import open_cache
from mfp.convert.run import Loading, convert, processors
from mfp.convert.selection import Selection
from mfp.convert.unused import unused_settings
from mfp.convert.writing.outcome import Outcome, Writing
from mfp.convert.writing.plan import Planned, plan
from mfp.convert.writing.same_names import mark_same_names
from mfp.discover import Discovery, NotebookFlow, discover
from mfp.errors import UsageError
from mfp.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """What became of a repository.

    Attributes:
        planned: The flows that were asked for and their files, also those of other parts.
        project: All flows of the project likewise.
        outcomes: What became of each flow of this part, and the files in which flows cannot be
            told; by paths.
        settings: What `pyproject.toml` says.
        notebooks: The flows in notebooks.
        warnings: What of the settings concerns no flow, though it may do no harm.
        errors: What of the settings or options concerns no flow, and must be a mistake.
    """

    planned: list[Planned]
    project: list[Planned]
    outcomes: list[Outcome]
    settings: Settings
    notebooks: tuple[NotebookFlow, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def convert_repository(selection: Selection, writing: Writing, settings: Settings) -> Converted:
    """Find flows and convert them; one that fails stops nothing.

    Args:
        selection: Which flows, and how.
        writing: How the files are written.
        settings: What each is converted with.

    Returns:
        What became of them.

    Raises:
        UsageError: If a path or a pattern makes no sense.
    """
    shard = selection.part
    found = discover_selection(selection, settings)
    asked = {(one.path, one.name) for one in found.flows}
    others = [one for one in found.others if _is_below(one.path, settings.folder)]
    project = plan((*found.flows, *others), selection.output_dir, settings)
    project = [replace(one, settings=selection.applied_to(one.settings)) for one in project]
    in_paths = [one for one in project if (one.path, one.name) in asked]
    planned = chosen(in_paths, selection)
    loading = Loading(
        jobs=selection.jobs or processors(),
        timeout=selection.timeout,
        stub=selection.missing_imports == "stub",
        verbosity=selection.verbosity,
    )
    memory = open_cache(use=not selection.no_cache)
    outcomes = [
        *convert(shard.part(planned), loading, writing, memory),
        # Who names flows has been told if one was not found; these are others.
        *(shard.part(list(unreadable(found))) if len(planned) == len(in_paths) else ()),
    ]
    outcomes = mark_same_names(outcomes, in_paths, found.problems, settings)
    warnings, errors = unused_settings(settings, selection, project, outcomes)
    return Converted(
        planned=planned,
        project=project,
        outcomes=sorted(outcomes, key=lambda one: (one.path, one.line or 0)),
        settings=settings,
        notebooks=found.notebooks,
        warnings=warnings,
        errors=errors,
    )


def chosen(flows: Sequence[Planned], selection: Selection) -> list[Planned]:
    """Take the flows that are asked for by name and by tag.

    Args:
        flows: The flows that are asked for by path.
        selection: The names and tags; a flow must have one of each, where any are given.

    Returns:
        The flows, in the same order.

    Raises:
        UsageError: If no flow has a name or a tag.
    """
    names = {one.name for one in flows}
    tags = {tag for one in flows for tag in one.settings.tags}
    for option, given, known in (("flow", selection.flow, names), ("tag", selection.tag, tags)):
        for one in given:
            if one not in known:
                close = get_close_matches(one, sorted(known), 1)
                what = "is named" if option == "flow" else "has the tag"
                raise UsageError(
                    f"No flow in {', '.join(selection.paths)} {what} {one}",
                    f"Did you mean {close[0]}?" if close else "'mfp list' shows the flows.",
                )
    return [
        one
        for one in flows
        if (not selection.flow or one.name in selection.flow)
        and (not selection.tag or {*one.settings.tags} & {*selection.tag})
    ]


def _is_below(path: PurePosixPath, folder: Path) -> bool:
    return not os.path.relpath(path, folder).startswith(os.pardir)


def discover_selection(selection: Selection, settings: Settings) -> Discovery:
    """Find the flows that are selected, of all parts.

    Args:
        selection: Which flows.
        settings: What may leave some out.

    Returns:
        What was found.

    Raises:
        UsageError: If a path or a pattern makes no sense.
    """
    return discover(
        selection.paths,
        root=Path.cwd(),
        include=selection.include,
        exclude=selection.exclude,
        project=settings.folder if settings.file else None,
        patterns_in=selection.patterns_in,
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
