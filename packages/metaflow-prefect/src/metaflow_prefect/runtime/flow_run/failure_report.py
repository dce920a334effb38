"""What Prefect's pages say about a failure: what, why, with which input, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .markdown import md_block, md_code, md_link, md_snippet, md_table, md_text
from .scheduler import Unit
from .states import Failure

# Prefect's page then says that tasks "without a persisted result" will be run again.
PRESS_RETRY = (
    "Fix the cause, then press **Retry** on {}: finished tasks are kept, since "
    "Metaflow has their results, and the run goes on with this one."
)
MOST_INPUTS = 3
MOST_OTHERS = 20
MOST_NAMES = 30


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run when it starts.

    Args:
        flow: The name of the flow.
        run_id: The id of the Metaflow run.
        metadata: Metaflow's metadata provider and where it is.
        program: The command line that starts Metaflow's commands of the flow.
        parameters: The parameters as they took effect.
        resume: The command that goes on with this run from a terminal.
        has_retry: Whether Prefect's page has a button that goes on with it.
        flow_run_url: Prefect's page of the run.
        attempt: Which attempt of the flow run this is, from 1.
        cards: The ids of the cards that each step makes; empty where one has none.
    """

    flow: str
    run_id: str
    metadata: str
    program: str
    parameters: Mapping[str, str]
    resume: str
    has_retry: bool
    flow_run_url: str | None
    attempt: int = 1
    cards: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def task_url(self, task_run_id: object) -> str | None:
        """Return Prefect's page of a task run."""
        page, found, _ = (self.flow_run_url or "").rpartition("/flow-run/")
        return f"{page}/task-run/{task_run_id}" if found else None

    def task_link(self, unit: Unit[Any], task_run_id: object) -> str:
        """Return the name of a task, with a link to Prefect's page of its task run."""
        link = md_link(unit.place, self.task_url(task_run_id))
        values = md_text(str(unit).removeprefix(unit.place))
        return f"{link} {values}".rstrip()


def failure_report(
    run: RunFacts,
    failure: Failure,
    others: Sequence[Failure] = (),
    stopped: int = 0,
    left: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Return the report of a failure, in Markdown.

    Args:
        run: The run.
        failure: The failure that the run ended with.
        others: What failed besides.
        stopped: How many tasks were stopped because of it.
        left: The names of the artifacts that each step has left.
    """
    unit = failure.unit
    of_run = f" of the task, in attempt {run.attempt} of the run" * (run.attempt > 1)
    task = run.task_link(unit, failure.task_run_id)
    lines = [
        f"# {md_text(failure.message, 400)}",
        "",
        f"**{task}** failed in attempt {failure.attempt + 1}{of_run}.",
        "",
    ]
    if stopped:
        lines += [f"{stopped} other tasks were stopped because of it.", ""]
    lines += ["## What to do", "", *_remedy(run), ""]
    if failure.error and failure.error.trace:
        lines += ["## Where", "", *md_block(failure.error.trace)]
    lines += ["## Input", "", *foreach_table(unit)]
    lines += parameter_table(run.parameters)
    lines += _inputs(run, unit, left or {})
    if failure.last_lines:
        lines += ["## Last lines on standard error", ""]
        lines += md_block("\n".join(line[:500] for line in failure.last_lines))
    path = f"{run.run_id}/{unit.step}/{unit.task_id}"
    lines += ["## Full log", ""]
    lines += md_block(f"{run.program} logs {path}", "shell")
    if others:
        lines += ["## Other failures", "", *_others(run, others)]
    return "\n".join(lines)


def fixed_report(run: RunFacts, earlier: str, *, succeeded: bool) -> str:
    """Return an earlier attempt's report, now that the run was tried again."""
    if succeeded:
        said = f"**Fixed: attempt {run.attempt} of this run succeeded.**"
    else:
        said = f"**This was an earlier attempt; {run.attempt} is the latest.**"
    was = "What failed before:"
    before = earlier.split(f"{was}\n\n", 1)[-1]
    return f"{said} {was}\n\n{before}"


def _remedy(run: RunFacts) -> list[str]:
    if run.has_retry:
        page = md_link("this run's page", run.flow_run_url)
        return [PRESS_RETRY.format(page)]
    return [
        "Fix the cause, then continue this run; finished tasks are kept:",
        "",
        *md_block(run.resume, "shell"),
    ]


def foreach_table(unit: Unit[object]) -> list[str]:
    """Return a table of the foreach values that a task stands for."""
    if not unit.indices:
        return []
    rows = []
    for level, index in enumerate(unit.indices):
        name = unit.variables[level] if level < len(unit.variables) else None
        value = unit.values[level] if level < len(unit.values) else None
        rows.append([md_code(name or "foreach"), str(index), md_code(value or "")])
    return md_table(["Foreach over", "Index", "Value"], rows)


def parameter_table(parameters: Mapping[str, str]) -> list[str]:
    """Return a table of a run's parameters."""
    rows = [[md_code(name), md_code(value)] for name, value in parameters.items()]
    return md_table(["Parameter", "Value"], rows) if rows else []


def _inputs(
    run: RunFacts, unit: Unit[object], left: Mapping[str, Sequence[str]]
) -> list[str]:
    paths = [path for path, _ in unit.inputs]
    if not paths:
        return []
    named = []
    for step in dict.fromkeys(path.split("/")[1] for path in paths):
        # the parameters are in the table above, with their values
        names = [name for name in left.get(step, ()) if name not in run.parameters]
        rest = ["\u2026"] * (len(names) > MOST_NAMES)
        found = ", ".join([*map(md_code, names[:MOST_NAMES]), *rest])
        named += [f"Step {md_code(step)} has left it {found}.", ""] if names else []
    count = len(paths)
    more = f" (the first {MOST_INPUTS} of {count})" if count > MOST_INPUTS else ""
    code_lines = ["for path in ["]
    code_lines += [f"    {f'{run.flow}/{path}'!r}," for path in paths[:MOST_INPUTS]]
    code_lines += [
        "]:",
        "    for artifact in Task(path):",
        "        print(artifact.pathspec, artifact.data)",
    ]
    return [
        *named,
        f"Its input{more}:",
        "",
        *md_snippet(run.metadata, "Task", code_lines),
    ]


def _others(run: RunFacts, others: Sequence[Failure]) -> list[str]:
    rows = [
        [
            run.task_link(one.unit, one.task_run_id),
            md_text(one.message, 200),
        ]
        for one in others[:MOST_OTHERS]
    ]
    more = len(others) - MOST_OTHERS
    return [
        *md_table(["Task", "Error"], rows),
        *([f"And {more} more.", ""] if more > 0 else []),
    ]
