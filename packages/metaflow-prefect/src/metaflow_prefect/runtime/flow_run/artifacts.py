"""Artifacts on Prefect's pages: the run's summary, its steps, and what failed."""

from __future__ import annotations

import re
import shlex
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    TaskRunFilter,
    TaskRunFilterFlowRunId,
)
from prefect.client.schemas.objects import Artifact

from .failure_report import RunFacts, failure_report, fixed_report
from .markdown import md_block, md_code, md_snippet, md_table, md_text
from .naming import quietly
from .run_summary import RunSummary
from .scheduler import Finish, Unit
from .states import Failure

AT_ONCE = 4  # a busy server answers late, but answers many at once
# Seconds between two updates of a summary: the longer a run takes, the longer.
SHORTEST_INTERVAL = 3.0
LONGEST_INTERVAL = 30.0
INTERVAL_SHARE = 0.25  # of the time since the run began
MOST_REPORTS = 10  # failed tasks that get a report of their own
FAILED_TASK = "Why this task failed"
ADVICE = (
    "Fix the cause, then press Retry on this run's page: finished tasks are kept. Its "
    "artifact {} says where it failed, and with which input."
)


class RunPages:
    """Writes a run's artifacts in threads of its own, so that no task waits for them.

    One for the run and one for each step, which are brought up to date in place. Not
    one for each task: a foreach's would bury the others in the run's list, and cost
    the server a fifth of its work for a task. All have keys, by which Prefect lists
    them and their versions; since all flows share the keys, they begin with the
    flow's name.

    Args:
        run: The run.
        summary: Its summary.
        flow_run_id: The Prefect flow run.
    """

    def __init__(self, run: RunFacts, summary: RunSummary, flow_run_id: UUID) -> None:
        self._run = run
        self._summary = summary
        self._flow_run_id = flow_run_id
        self._key = re.sub(r"[^a-z0-9]+", "-", run.flow.lower()).strip("-") or "flow"
        self._resources = ExitStack()
        client = get_client(sync_client=True)
        self._client = self._resources.enter_context(client)
        self._failure_key = f"{self._key}-failure"
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._known: dict[str, Artifact] = {}
        self._described: dict[str, Unit[Any]] = {}
        self._left: dict[str, list[str]] = {}  # names of artifacts, by step
        self._reported: list[UUID] = []
        self._ending = threading.Event()
        self._earlier_reports: dict[UUID | None, Artifact] = {}  # by their task runs
        if run.attempt > 1:
            self._find_earlier()
        self._ticker = threading.Thread(target=self._keep_summary, daemon=True)
        self._ticker.start()

    # -- steps ----------------------------------------------------------------------

    def wants(self, unit: Unit[Any]) -> bool:
        """Return whether a task is to say which artifacts it has left."""
        return unit.step not in self._described

    def task_finished(self, unit: Unit[Any], finish: Finish, task_run_id: UUID) -> None:
        """Describe a step, if this is its first task to finish."""
        if finish.artifacts is None or finish.caught:
            return
        if self._described.setdefault(unit.step, unit) is not unit:
            return
        self._left[unit.step] = sorted(str(one["name"]) for one in finish.artifacts)
        self._put(
            f"{self._key}-{key_of_step(unit.step)}",
            task_run_id=task_run_id,
            description=unit.step,
            data=report_of_step(self._run, unit, finish),
        )

    # -- failures -------------------------------------------------------------------

    def task_failed(self, failure: Failure) -> None:
        """Report a failure on the page of its task run."""
        if len(self._reported) >= MOST_REPORTS:
            return
        self._reported.append(failure.task_run_id)
        text = failure_report(self._run, failure, left=self._left)
        if earlier := self._earlier_reports.pop(failure.task_run_id, None):
            self._threads.submit(self._update, earlier, text, FAILED_TASK)
            return
        self._threads.submit(
            self._create,
            task_run_id=failure.task_run_id,
            description=FAILED_TASK,
            data=text,
        )

    @property
    def advice(self) -> str:
        """What the flow run's log says to do; the terminal says it otherwise."""
        return ADVICE.format(self._failure_key) if self._run.has_retry else ""

    def run_failed(
        self, failure: Failure, others: Sequence[Failure], stopped: int
    ) -> None:
        """Report on the page of the flow run why it has failed."""
        self._put(
            self._failure_key,
            description=f"Why the run failed: {failure.message}",
            data=failure_report(self._run, failure, others, stopped, self._left),
        )

    # -- the run --------------------------------------------------------------------

    def run_ended(self, outcome: str) -> None:
        """Write the summary as it is at the end, and wait until all is written.

        Args:
            outcome: How the run ended.
        """
        self._ending.set()
        self._ticker.join()
        succeeded = outcome == "succeeded"
        failure = self._known.get(self._failure_key)
        if succeeded and failure:
            text = fixed_report(self._run, str(failure.data), succeeded=True)
            self._threads.submit(self._update, failure, text, failure.description)
        for report in self._earlier_reports.values():
            text = fixed_report(self._run, str(report.data), succeeded=succeeded)
            self._threads.submit(self._update, report, text, report.description)
        self._summary.outcome = outcome
        self._put_summary()
        self._threads.shutdown()
        self._resources.close()

    def _keep_summary(self) -> None:
        began, last = time.monotonic(), ""
        while True:
            text = self._summary.text()
            if text != last:
                self._put_summary(text)
            last = text
            share = INTERVAL_SHARE * (time.monotonic() - began)
            pause = min(max(SHORTEST_INTERVAL, share), LONGEST_INTERVAL)
            if self._ending.wait(pause):
                return

    def _put_summary(self, text: str | None = None) -> None:
        self._write(
            self._key,
            description=f"Metaflow run {self._run.flow}/{self._run.run_id}",
            data=text or self._summary.text(),
        )

    # -- Prefect's API --------------------------------------------------------------

    def _find_earlier(self) -> None:
        """Find what earlier attempts of this flow run have written."""
        ids = [self._flow_run_id]
        with quietly():
            of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=ids))
            for one in self._client.read_artifacts(artifact_filter=of_run):
                self._known.setdefault(str(one.key), one)
            of_tasks = TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=ids))
            self._earlier_reports = {
                one.task_run_id: one
                for one in self._client.read_artifacts(task_run_filter=of_tasks)
                if one.description == FAILED_TASK
            }

    def _put(self, key: str, **fields: Any) -> None:
        self._threads.submit(self._write, key, **fields)

    def _write(self, key: str, **fields: Any) -> None:
        """Create the artifact of a key, or bring it up to date."""
        if key in self._known:
            self._update(self._known[key], fields["data"], fields["description"])
            return
        made = self._create(key=key, flow_run_id=self._flow_run_id, **fields)
        if made:
            self._known[key] = made

    def _create(self, **fields: Any) -> Artifact | None:
        # `client.create_artifact` would emit an event for each as well.
        artifact = ArtifactCreate(type="markdown", **fields)
        content = artifact.model_dump(mode="json", exclude_unset=True)
        with quietly():
            reply = self._client.request("POST", "/artifacts/", json=content)
            return Artifact.model_validate(reply.json())
        return None

    def _update(self, artifact: Artifact, data: str, description: str | None) -> None:
        artifact.data = data
        with quietly():
            change = ArtifactUpdate(data=data, description=description)
            self._client.update_artifact(artifact.id, change)


def key_of_step(step: str) -> str:
    """Return what stands for a step in the key of its artifact."""
    return "step-" + re.sub(r"[^a-z0-9]+", "-", step.lower()).strip("-")


def report_of_step(run: RunFacts, unit: Unit[Any], finish: Finish) -> str:
    """Return the names of the artifacts that a step leaves, and how to get them."""
    path = f"{run.flow}/{finish.path}"
    step = path.rpartition("/")[0]
    artifacts = finish.artifacts or ()
    lines = [f"# Step {md_code(unit.step)}", "", md_code(step), ""]
    if artifacts:
        rows = [
            [
                md_code(one["name"]),
                md_text(type_name(one["type"])),
                size_text(one["size"]),
                "new" if one["new"] else "inherited",
            ]
            for one in sorted(artifacts, key=lambda one: not one["new"])
        ]
        lines += md_table(["Artifact", "Type", "Size", ""], rows)
    else:
        lines += ["It has no artifacts.", ""]
    name = next((one["name"] for one in artifacts if one["new"]), None)
    if name is None and artifacts:
        name = artifacts[0]["name"]
    value = f"task.data.{name}" if name else "task.finished_at"
    one_task = [f"task = Task({path!r})", f"print({value})"]
    if unit.indices or unit.iteration is not None:
        lines += [f"One of its tasks, {md_text(str(unit))}:", ""]
        lines += md_snippet(run.metadata, "Task", one_task)
        all_tasks = [
            f"for task in Step({step!r}):",
            "    if task.successful:",
            f"        print(task.id, {value})",
        ]
        lines += ["All that succeeded:", ""]
        lines += md_snippet(run.metadata, "Step", all_tasks)
    else:
        lines += md_snippet(run.metadata, "Task", one_task)
    view = f"{run.program} card view {finish.path}"
    commands = [
        f"{view} --id {shlex.quote(card)}" if card else view
        for card in run.cards.get(unit.step, ())
    ]
    if commands:
        lines += ["Open its cards, in the folder of the flow:", ""]
        lines += md_block("\n".join(commands), "shell")
    return "\n".join(lines)


def type_name(text: str) -> str:
    """Return a type as it is written in code: `<class 'int'>` is `int`."""
    return text.removeprefix("<class '").removesuffix("'>")


def size_text(size: int) -> str:
    """Return a number of bytes, rounded."""
    number, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return (
        f"{number:.0f} {unit}"
        if number >= 10 or unit == "B"
        else f"{number:.1f} {unit}"
    )
