"""The summary of a run: a row for each step, however wide its foreaches are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import State

from .failure_report import RunFacts, parameter_table
from .markdown import md_code, md_link, md_snippet, md_table, md_text
from .scheduler import Unit

BAR = 10  # characters of a foreach's progress
MOST_FAILURES = 20  # of a step that are listed
MOST_NAMED = 100  # further ones that are named


@dataclass
class StepCounts:
    """How far the tasks of a step are.

    Args:
        expected: How many are known to come.
        begun: How many were begun.
        ended: How many have ended, by the names of their states.
        failures: Those that failed or were caught, with what they said.
        first: When the first one began, in seconds.
        last: When the latest one ended.
    """

    expected: int = 0
    begun: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    failures: list[tuple[Unit[Any], UUID, str]] = field(default_factory=list)
    first: float | None = None
    last: float | None = None

    @property
    def running(self) -> int:
        """How many are running."""
        return self.begun - sum(list(self.ended.values()))


class RunSummary:
    """Counts what happens in a run, in the thread of its scheduler.

    Args:
        run: The run.
        steps: The names of its steps.
    """

    def __init__(self, run: RunFacts, steps: Sequence[str]) -> None:
        self._run = run
        self._steps = {name: StepCounts() for name in steps}
        self._began = time.monotonic()
        self.failed: list[UUID] = []
        self.outcome = "is running"

    def expect(self, step: str, count: int) -> None:
        """Take note that a foreach makes tasks of a step."""
        self._steps[step].expected += count

    def begun(self, unit: Unit[Any]) -> None:
        """Take note that a task has begun."""
        counts = self._steps[unit.step]
        counts.begun += 1
        counts.expected = max(counts.expected, counts.begun)
        counts.first = counts.first or time.monotonic()

    def ended(self, unit: Unit[Any], task_run_id: UUID, state: State[Any]) -> None:
        """Take note that a task has ended."""
        counts = self._steps[unit.step]
        name = "Failed" if state.is_failed() or state.is_crashed() else state.name
        name = str(name)
        counts.ended[name] = counts.ended.get(name, 0) + 1
        counts.last = time.monotonic()
        if name in ("Failed", "Caught"):
            counts.failures.append((unit, task_run_id, state.message or ""))

    @property
    def stopped(self) -> int:
        """How many tasks were stopped."""
        return sum(counts.ended.get("Stopped", 0) for counts in self._steps.values())

    def text(self) -> str:
        """Return the summary as it is now, in Markdown."""
        run = self._run
        pathspec = f"{run.flow}/{run.run_id}"
        seconds = time.monotonic() - self._began
        lines = [
            f"# {md_text(run.flow)} {self.outcome}",
            "",
            f"Attempt {run.attempt}, {_duration(seconds)}: Metaflow run "
            + md_code(pathspec),
            "",
            *md_table(
                ["Step", "Progress", "Tasks", "Time"],
                [self._row(name, counts) for name, counts in self._steps.items()],
            ),
        ]
        for name, counts in self._steps.items():
            lines += self._failures(name, counts)
        if parameters := parameter_table(run.parameters):
            lines += ["## Parameters", "", *parameters]
        lines += ["## In Python", ""]
        lines += md_snippet(
            run.metadata,
            "Run",
            [
                f"run = Run({pathspec!r})",
                "print(run.successful)",
                "for step in run:",
                "    print(step.id, [task.id for task in step])",
            ],
        )
        return "\n".join(lines)

    def _row(self, name: str, counts: StepCounts) -> list[str]:
        ended = counts.ended
        finished = sum(ended.get(kind, 0) for kind in ("Completed", "Cached", "Caught"))
        words = [
            f"{count} {word}"
            for word, count in (
                ("waiting", counts.expected - counts.begun),
                ("running", counts.running),
                ("done", ended.get("Completed", 0)),
                (self._failed_word(counts), ended.get("Failed", 0)),
                ("caught", ended.get("Caught", 0)),
                ("cached", ended.get("Cached", 0)),
                ("stopped", ended.get("Stopped", 0) + ended.get("Cancelled", 0)),
            )
            if count > 0
        ]
        if counts.first is None:
            took = ""
        else:
            last = time.monotonic() if counts.running else counts.last or counts.first
            took = _duration(last - counts.first)
        bar = _bar(finished, counts.expected) if counts.expected else ""
        return [md_code(name), bar, ", ".join(words) or "not reached", took]

    def _failed_word(self, counts: StepCounts) -> str:
        """Return "failed" as a link to the first failure."""
        first = next(iter(counts.failures), None)
        url = self._run.task_url(first[1]) if first else None
        return f"**{md_link('failed', url)}**"

    def _failures(self, name: str, counts: StepCounts) -> list[str]:
        """List what failed in a foreach, by index and value."""
        failures = sorted(counts.failures, key=lambda one: one[0].indices)
        if not failures:
            return []
        rows = [
            [self._run.task_link(unit, task_run_id), md_text(message, 200)]
            for unit, task_run_id, message in failures[:MOST_FAILURES]
        ]
        lines = [
            f"## Failures of {md_text(name)}",
            "",
            *md_table(["Task", "Error"], rows),
        ]
        more = len(failures) - MOST_FAILURES
        if more > 0:
            rest = failures[MOST_FAILURES : MOST_FAILURES + MOST_NAMED]
            names = ", ".join(str(unit) for unit, _, _ in rest)
            lines += [f"And {more} more: {md_text(names, 5000)}", ""]
        return lines


def _bar(done: int, expected: int) -> str:
    full = BAR * done // expected
    bar = ("\u2588" * full).ljust(BAR, "\u2591")
    return f"{bar} {done}/{expected}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
