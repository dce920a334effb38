"""Prefect's engine for the task run of a step, without what a short one can spare.

Of Prefect's internals, those of its task engine are used here only.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_DEBUG_MODE
from prefect.states import Running
from prefect.task_engine import SyncTaskRunEngine
from prefect.transactions import Transaction
from prefect.utilities.engine import emit_task_run_state_change_event

from .scheduler import Unit
from .variables import seconds_setting

RUNNING_VARIABLE = "METAFLOW_PREFECT_RUNNING_AFTER"
RUNNING_AFTER = 1.0  # seconds


def running_after() -> float:
    """Return after how many seconds a task run is told to be running.

    Raises:
        ValueError: The setting makes no sense; the message says what to do.
    """
    return seconds_setting(RUNNING_VARIABLE, RUNNING_AFTER)


class StepEngine(SyncTaskRunEngine[Any, Any]):
    """Runs the Prefect task of a step as Prefect does.

    Prefect's server takes some 15 ms for each state that it is told. A task that ends
    soon is told of once, when it has ended: its last state says when it started, too.
    That it is running is told by `tell_running`, which whoever has a clock calls; and
    before a state that is not the end of a first attempt, so that retries can be seen.

    Results are not kept: Metaflow has them.
    """

    def __init__(
        self,
        task: Task[Any, Any],
        task_run: TaskRun,
        unit: Unit[Any],
        running_after: float,
    ) -> None:
        """Prepare a task run.

        Args:
            task: The task.
            task_run: What the server is told of this run of it.
            unit: The Metaflow task, which is its only parameter.
            running_after: After how many seconds it is told to be running.
        """
        super().__init__(task=task, task_run=task_run, parameters={"unit": unit})
        self._task_id = unit.task_id
        self._has_waited = False
        self._logs = unit.run.logs
        self._running_after = running_after
        self._pending: State[Any] | None = None
        self._changing = threading.RLock()
        self._due: float | None = None

    def begin_run(self) -> None:
        """Enter the running state, and tell nobody yet."""
        task_run = self.task_run
        assert task_run is not None
        context = FlowRunContext.get()
        if context and context.flow_run:
            task_run.flow_run_run_count = context.flow_run.run_count
        running: State[Any] = Running()
        running.state_details.task_run_id = task_run.id
        running.state_details.flow_run_id = task_run.flow_run_id
        with self._changing:
            self._pending = task_run.state
            task_run.state = running
            task_run.state_id = running.id
            task_run.state_type = running.type
            task_run.state_name = running.name
            now: Any = running.timestamp
            task_run.start_time = now
            task_run.run_count += 1
            self._due = time.monotonic() + self._running_after
        self._telemetry.update_state(running)
        if not self._running_after:
            self.tell_running()
        self.call_hooks(running)

    def tell_running(self) -> None:
        """Tell Prefect's server that the task is running, if that is not told yet."""
        with self._changing:
            if self._pending is None or self.task_run is None:
                return
            self._last_event = emit_task_run_state_change_event(
                task_run=self.task_run,
                initial_state=self._pending,
                validated_state=self.state,
            )
            self._pending = None

    def may_wait(self, waits: Callable[[str], bool]) -> bool:
        """Return whether the task waits, or has done so until lately, and begin anew.

        Args:
            waits: Tells of a Metaflow task whether it has only begun to wait.
        """
        had_waited, self._has_waited = self._has_waited, waits(self._task_id)
        self._due = time.monotonic() + self._running_after
        return had_waited or self._has_waited

    def seconds_left(self) -> float:
        """Return in how many seconds it may be time to tell that the task runs."""
        due = self._due  # none yet where it waits for a concurrency limit
        return self._running_after if due is None else due - time.monotonic()

    def set_state(self, state: State[Any], force: bool = False) -> State[Any]:
        """Enter a state and tell Prefect's server."""
        with self._changing:
            if not (state.is_final() and state.name in ("Completed", "Failed")):
                self.tell_running()
            self._pending = None
            return super().set_state(state, force)

    def handle_success(self, result: State[Any], transaction: Transaction) -> None:
        """Take the state that the body of a step has returned."""
        if result.is_failed() and self.handle_retry(result):
            return
        undo: Any = partial(self.handle_rollback)
        undo.log_on_run = False
        transaction.stage(
            None,
            on_rollback_hooks=[undo, *self.task.on_rollback_hooks],
            on_commit_hooks=self.task.on_commit_hooks,
        )
        self.set_state(result)
        self._return_value = result
        self._telemetry.end_span_on_success()

    def log_finished_message(self) -> None:
        """Log in which state the task run has ended, as Prefect does."""
        if PREFECT_DEBUG_MODE.value() or not self.state.is_final():
            super().log_finished_message()
            return
        is_fine = self.state.is_completed() or self.state.is_cancelled()
        level = logging.INFO if is_fine else logging.ERROR
        self._logs.add(self.logger, level, f"Finished in state {self.state}")

    def run(self) -> State[Any]:
        """Run the task, with its retries, and return its final state."""
        with self.start():
            while self.is_running():
                self.wait_until_ready()
                with self.run_context(), self.transaction_context() as transaction:
                    self.call_task_fn(transaction)
        return self.state
