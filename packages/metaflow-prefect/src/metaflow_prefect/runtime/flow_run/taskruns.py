"""Prefect task runs of Metaflow tasks, each in a thread."""

from __future__ import annotations

import contextvars
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID, uuid5

from prefect import Task
from prefect.client.schemas.objects import (
    State,
    StateDetails,
    TaskRun,
    TaskRunPolicy,
    TaskRunResult,
)
from prefect.context import TagsContext
from prefect.states import Pending

from .scheduler import Unit
from .states import stopped_state
from .step_engine import StepEngine, running_after

MOST_EDGES = 10_000  # more would make an event that Prefect refuses for its size
LEAST_PAUSE = 0.1  # seconds between two looks at what waits
SETTLING = 2.0  # seconds; a task run whose step has ended tells its state much sooner


class TaskThreads:
    """Runs the Prefect tasks of steps, and tells which have ended.

    Prefect's own task runner reports each task run as pending before it reports it as
    running. Here a task begins as soon as it is submitted, so that nothing is to be
    said before, which saves Prefect's server a third of its work for a task. Nor does
    anyone have to wait for a task run that awaits its next attempt, when the run has
    failed or was stopped.

    Args:
        flow_run_id: The Prefect flow run that the task runs belong to.
        waits: Tells of a Metaflow task whether it has only begun to wait.
    """

    def __init__(self, flow_run_id: UUID, waits: Callable[[str], bool]) -> None:
        self._flow_run_id = flow_run_id
        self._waits = waits
        self._tags = TagsContext.get().current_tags
        self._ended: queue.SimpleQueue[
            tuple[Unit[UUID], UUID, State[Any] | BaseException] | None
        ] = queue.SimpleQueue()
        self._running_after = running_after()
        self._untold: deque[StepEngine] = deque()  # those that begin first come first
        self.running = 0
        self._engines: dict[UUID, tuple[Unit[UUID], StepEngine]] = {}

    def submit(
        self, task: Task[Any, Any], unit: Unit[UUID], upstream: Iterable[UUID]
    ) -> None:
        """Begin a task run.

        Args:
            task: The task of the unit's step.
            unit: The Metaflow task.
            upstream: The task runs that it comes after.
        """
        state: State[Any] = Pending()
        now: Any = state.timestamp
        edges = itertools.islice(dict.fromkeys(upstream), MOST_EDGES)
        task_run = TaskRun(
            # by its key, Prefect's server takes what a retried run tells for the same
            # task run as before; so it must have the same id, in links and logs too
            id=uuid5(self._flow_run_id, unit.index),
            name=unit.searched_name,
            flow_run_id=self._flow_run_id,
            task_key=task.task_key,
            dynamic_key=unit.index,
            task_version=task.version,
            empirical_policy=TaskRunPolicy(
                retries=task.retries,
                retry_delay=task.retry_delay_seconds,
                retry_jitter_factor=task.retry_jitter_factor,
            ),
            tags=sorted(task.tags.union(self._tags)),
            task_inputs={"unit": [TaskRunResult(id=one) for one in edges]},
            expected_start_time=now,
        )
        state.state_details = StateDetails(
            task_run_id=task_run.id, flow_run_id=self._flow_run_id
        )
        task_run.state = state
        task_run.state_id = state.id
        task_run.state_type = state.type
        task_run.state_name = state.name
        context = contextvars.copy_context()
        engine = StepEngine(task, task_run, unit, self._running_after)
        self._untold.append(engine)
        threading.Thread(
            target=context.run,
            args=(self._run, engine, task_run.id, unit),
            name=str(unit),
            daemon=True,
        ).start()
        self.running += 1
        self._engines[task_run.id] = (unit, engine)

    def _run(self, engine: StepEngine, task_run_id: UUID, unit: Unit[UUID]) -> None:
        ending: Any
        try:
            ending = engine.run()
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            ending = error
        self._ended.put((unit, task_run_id, ending))

    def wake(self) -> None:
        """Have `next_ended` return, though nothing has ended."""
        self._ended.put(None)

    def next_ended(self) -> tuple[Unit[UUID], UUID, State[Any]] | None:
        """Wait for a task run to end.

        Returns:
            The Metaflow task, the id of the task run, and its final state; `None` if
            `wake` was called.
        """
        while True:
            try:
                ended = self._ended.get(timeout=self._tell_running())
                break
            except queue.Empty:
                continue
        if ended is None:
            return None
        unit, task_run_id, ending = ended
        self.running -= 1
        del self._engines[task_run_id]
        if isinstance(ending, BaseException):
            raise ending
        return unit, task_run_id, ending

    def _tell_running(self) -> float | None:
        """Tell which task runs are running; return the seconds until more may be."""
        for _ in range(len(self._untold)):
            engine = self._untold[0]
            if not engine.state.is_final():
                left = engine.seconds_left()
                if left > 0:
                    return left
                if self._running_after and engine.may_wait(self._waits):
                    self._untold.rotate(-1)
                    continue
                engine.tell_running()
            self._untold.popleft()
        return max(self._running_after, LEAST_PAUSE) if self._untold else None

    def settle(self, reason: str) -> Iterator[tuple[Unit[UUID], UUID, State[Any]]]:
        """Wait for the task runs whose steps have ended, and end the others.

        These are waiting for their next attempt, which does not come.

        Args:
            reason: Why it does not come.

        Yields:
            The Metaflow task, the id of the task run, and its final state.
        """
        while self.running:
            try:
                ended = self._ended.get(timeout=SETTLING)
            except queue.Empty:
                break
            if ended is None:
                continue
            unit, task_run_id, ending = ended
            self.running -= 1
            del self._engines[task_run_id]
            if not isinstance(ending, BaseException):
                yield unit, task_run_id, ending
        for task_run_id, (unit, engine) in self._engines.items():
            yield unit, task_run_id, engine.set_state(stopped_state(reason))
