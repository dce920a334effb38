"""Submit the Prefect task of each Metaflow task when its inputs are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from ..facts import MetaflowFlow
from .run_summary import RunSummary
from .scheduler import RunFailure, Scheduler, Unit
from .steps import RunSession, may_retry, run_step
from .taskruns import TaskThreads
from .watch import RunWatch


class RunLoop:
    """Submits each task when its inputs are there, until nothing is left.

    Args:
        facts: The flow.
        session: What its task runs share.
        attempts: How often Metaflow retries each step.
        threads: Where the tasks run.
        summary: Counts what happens.
        max_workers: How many tasks run at the same time.
        max_num_splits: How many tasks a foreach may make.
        watch: What is asked of the run from outside.
    """

    def __init__(
        self,
        facts: MetaflowFlow,
        session: RunSession,
        attempts: Mapping[str, Mapping[str, float]],
        threads: TaskThreads,
        summary: RunSummary,
        max_workers: int,
        max_num_splits: int,
        watch: RunWatch,
    ) -> None:
        self._watch = watch
        self._session = session
        self._summary = summary
        self._max_workers = max_workers
        self._tasks = {
            name: task_of_step(step.task, attempts[name])
            for name, step in facts.steps.items()
        }
        self._scheduler: Scheduler[UUID] = Scheduler(
            next(iter(facts.steps)), facts.steps, max_num_splits
        )
        self._threads = threads
        self._given_up: RunFailure | None = None

    def run(self, parameters_path: str) -> str:
        """Run all tasks.

        Returns:
            The path of the end step's task.

        Raises:
            RunFailure: A task has failed for good, or the end was not reached.
            RunEnded: The run is to stop.
        """
        self._scheduler.begin(parameters_path)
        while True:
            self._watch.check()
            most = self._max_workers + self._session.places.spare()
            while self._threads.running < most and not self._watch.holds:
                unit = self._scheduler.next_ready()
                if unit is None:
                    break
                unit.run = self._session
                upstream = (task_run_id for _, task_run_id in unit.inputs)
                self._threads.submit(self._tasks[unit.step], unit, upstream)
                self._summary.begun(unit)
            if not self._threads.running and not self._watch.holds:
                break
            if ended := self._threads.next_ended():
                self._take(*ended)
        if self._given_up:
            raise self._given_up
        return self._scheduler.end_path()

    def _take(self, unit: Unit[UUID], task_run_id: UUID, state: State[Any]) -> None:
        self._summary.ended(unit, task_run_id, state)
        finish = self._session.finishes.pop(unit.task_id, None)
        if state.is_cancelled():
            return  # not its own fault; what was at fault ends soon
        if finish is None or not state.is_completed():
            known = self._session.failures.get(unit.task_id)
            reason = known.message if known else state.message
            reason = reason or f"Step {unit.step} failed."
            failure = RunFailure(reason, unit.step, unit.task_id, said=True)
            failure.place = unit.place
            if unit.task_id not in self._session.given_up:
                raise failure
            # Its step said that it must not be retried; natively the rest goes on.
            self._given_up = self._given_up or failure
            return
        self._scheduler.finished(unit, finish, task_run_id)
        if finish.foreach and finish.num_splits:
            self._summary.expect(finish.next_steps[0], finish.num_splits)


def task_of_step(
    declared: Task[Any, Any], attempts: Mapping[str, float]
) -> Task[Any, Any]:
    """Return the Prefect task that runs a step.

    It is retried as often as Metaflow retries the step. The delay is Metaflow's
    `minutes_between_retries`; a fallback of `@catch` comes at once.

    Args:
        declared: The task of the generated file.
        attempts: How often Metaflow retries the step, and after how many seconds.
    """
    user, error = int(attempts["user_retries"]), int(attempts["error_retries"])
    delays = [attempts["delay"]] * user + [0.0] * error
    # Prefect's pages show a number; what they make of a list is "NaNs".
    delay = delays if len(set(delays)) > 1 else next(iter(delays), 0.0)
    task: Task[Any, Any] = Task(
        run_step,
        name=declared.name,
        description=declared.description,
        tags=declared.tags,
        version=declared.version,
        retries=user + error,
        retry_delay_seconds=delay,
        retry_condition_fn=may_retry,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    task.task_key = declared.task_key
    return task
