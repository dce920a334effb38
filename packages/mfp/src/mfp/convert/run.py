"""Convert flows: the cache is asked, the rest is loaded, the files are written."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metaflow_prefect.errors import MetaflowPrefectError

from mfp.convert.loading.exchange import Form, Reply, Request
from mfp.convert.memory.cache import Cache
from mfp.convert.writing.outcome import (
    Outcome,
    Status,
    Writing,
    failure,
    said_status,
    write_generated,
)
from mfp.convert.writing.plan import Planned
from mfp.progress import progress
from mfp.settings import FlowSettings
from mfp.terminal import Verbosity


@dataclass(frozen=True, kw_only=True, slots=True)
class Loading:
    """How flows are loaded.

    Attributes:
        jobs: How many at once.
        timeout: How many seconds each may take.
        stub: Whether modules that are not installed are replaced by stubs.
        verbosity: How much is said of the progress.
    """

    jobs: int
    timeout: float
    stub: bool = False
    verbosity: Verbosity = "normal"


def processors() -> int:
    """Give the number of processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def request_for(
    path: Path, name: str | None, output: Path, chosen: FlowSettings, *, stub: bool
) -> Request:
    """Ask for a flow's text.

    Args:
        path: The flow's file.
        name: The class; None stands for the one that the file starts.
        output: The generated file.
        chosen: What it is converted with.
        stub: Whether modules that are not installed are replaced by stubs.

    Returns:
        The request.
    """
    source = path.resolve()
    target = output.resolve()
    return Request(
        path=str(source),
        name=name,
        source=os.path.relpath(source, target.parent).replace(os.sep, "/"),
        output=target.name,
        options=chosen.words(),
        tags=chosen.tags,
        configs=chosen.configs,
        config_values=chosen.config_values,
        stub=stub,
        runtime=chosen.runtime,
    )


def load_one(request: Request, loading: Loading, form: Form) -> Reply:
    """Load one flow.

    Args:
        request: The flow.
        loading: How it is loaded.
        form: What is wanted of it.

    Returns:
        The reply.
    """
    replies: list[Reply] = []
    load_all([replace(request, form=form)], loading, lambda _, reply: replies.append(reply))
    return replies[0]


def convert(
    flows: Sequence[Planned], loading: Loading, writing: Writing, memory: Cache
) -> list[Outcome]:
    """Convert flows, in parallel; those that are as they were are not loaded.

    Args:
        flows: The flows with their files.
        loading: How they are loaded.
        writing: How the files are written.
        memory: What earlier runs remember.

    Returns:
        What became of each, in the same order.
    """
    outcomes: dict[int, Outcome] = {}
    waiting: list[int] = []
    requests = [
        request_for(Path(one.path), one.name, Path(one.output), one.settings, stub=loading.stub)
        for one in flows
    ]
    for number, flow in enumerate(flows):
        known = memory.recall(requests[number], Path(flow.output))
        if known is not None:
            outcomes[number] = _outcome(flow, "unchanged", reply=known)
        else:
            waiting.append(number)
    if waiting:
        with progress(len(waiting), "Converting", loading.verbosity) as advance:

            def done(place: int, reply: Reply) -> None:
                number = waiting[place]
                outcomes[number] = write_outcome(flows[number], reply, writing)
                memory.remember(requests[number], reply)
                advance(_line(outcomes[number], writing))

            load_all([requests[number] for number in waiting], loading, done)
        memory.save()
    return [outcomes[number] for number in range(len(flows))]


def _line(outcome: Outcome, writing: Writing) -> str:
    """Say in one line what became of a flow."""
    if outcome.status == "failed":
        return f"failed {failure(outcome)}"
    return f"{said_status(outcome, writing.check)} {outcome.location}"


def load_all(
    requests: Sequence[Request], loading: Loading, done: Callable[[int, Reply], None]
) -> None:
    """Load flows, each in a process of its own.

    Args:
        requests: The flows.
        loading: How they are loaded.
        done: Called with the place of each as it is ready, and the reply.
    """
    from mfp.convert.loading.pool import Pool  # noqa: PLC0415  (imports Metaflow, and takes its time)

    Pool(loading.jobs, loading.timeout).convert(requests, done)


def write_outcome(flow: Planned, reply: Reply, writing: Writing) -> Outcome:
    """Write the file of a flow that was loaded.

    Args:
        flow: The flow.
        reply: What loading it gave.
        writing: How the file is written.

    Returns:
        What became of it.
    """
    error, remedy = reply.error, reply.remedy
    if reply.text is not None:
        try:
            done = write_generated(reply.text, Path(flow.path), Path(flow.output), writing)
        except MetaflowPrefectError as problem:
            error, remedy = problem.message, problem.remedy
        except OSError as problem:
            error = f"{problem.filename or flow.output}: {problem.strerror or problem}"
            remedy = "Check the disk and the permissions."
        else:
            kept = replace(reply, text=None)
            return _outcome(flow, done.status, difference=done.difference, new=done.new, reply=kept)
    return _outcome(flow, "failed", error=error, remedy=remedy, error_line=reply.error_line)


def _outcome(flow: Planned, status: Status, **more: Any) -> Outcome:
    fixed: dict[str, Any] = {**more, "status": status}
    return Outcome(
        path=flow.path,
        name=flow.name,
        line=flow.line,
        output=flow.output,
        settings=flow.settings,
        **fixed,
    )
