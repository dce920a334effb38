"""Run a Metaflow flow inside a Prefect flow run."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import Task, get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.states import Completed, Failed

from ..facts import RUN_PREFIX, MetaflowFlow, Parameter
from ..start import start_metaflow
from .artifacts import ArtifactPublisher
from .deployed import command_as_deployed, facts_as_deployed, kept_for
from .host_client import Host, HostEnded, adopt_host
from .logs import RunLogs, log_lines_limit
from .scheduler import RunFailure, Scheduler, Unit
from .step_engine import running_after
from .steps import RunSession, may_retry, run_step
from .taskruns import TaskThreads
from .trigger import note_triggers
from .values import given_values, parameter_words, parameters_of
from .watch import RunEnded, RunWatch

LAUNCHERS = ("warm", "fresh")
LAUNCHER_VARIABLE = "METAFLOW_PREFECT_LAUNCHER"
SOURCE_MISSING = (
    "The flow's source {} is not there. Keep it where it was, relative to this file, "
    "or make this file anew with `prefect create`."
)

FEW_WORKERS = (
    "With {} workers no step would run. Set --max-workers, or METAFLOW_RUN_MAX_WORKERS "
    "in the environment, to 1 or more."
)


class RunLoop:
    """Submits each task when its inputs are there, until nothing is left.

    Args:
        facts: The flow.
        session: What its task runs share.
        attempts: How often Metaflow retries each step.
        threads: Where the tasks run.
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
        max_workers: int,
        max_num_splits: int,
        watch: RunWatch,
    ) -> None:
        self._watch = watch
        self._session = session
        self._max_workers = max_workers
        self._tasks = {
            name: step_task(step.task, attempts[name])
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
            while self._threads.running < self._max_workers and not self._watch.holds:
                unit = self._scheduler.next_ready()
                if unit is None:
                    break
                unit.run = self._session
                upstream = (task_run_id for _, task_run_id in unit.inputs)
                self._threads.submit(self._tasks[unit.step], unit, upstream)
            if not self._threads.running and not self._watch.holds:
                break
            if ended := self._threads.next_ended():
                self._take(*ended)
        if self._given_up:
            raise self._given_up
        return self._scheduler.end_path()

    def _take(self, unit: Unit[UUID], task_run_id: UUID, state: State[Any]) -> None:
        finish = self._session.finishes.pop(unit.task_id, None)
        if finish is None or not state.is_completed():
            known = self._session.failures.get(unit.task_id)
            reason = known or state.message or f"Step {unit.step} failed."
            failure = RunFailure(reason, unit.step, unit.task_id, said=True)
            if unit.task_id not in self._session.given_up:
                raise failure
            # Its step said that it must not be retried; natively the rest goes on.
            self._given_up = self._given_up or failure
            return
        self._scheduler.finished(unit, finish, task_run_id)


def step_task(
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
    task: Task[Any, Any] = Task(
        run_step,
        name=declared.name,
        description=declared.description,
        tags=declared.tags,
        version=declared.version,
        retries=user + error,
        retry_delay_seconds=[attempts["delay"]] * user + [0.0] * error,
        retry_condition_fn=may_retry,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    task.task_key = declared.task_key
    return task


def run_flow(facts: MetaflowFlow, arguments: Mapping[str, Any]) -> State[Any]:
    """Run a Metaflow flow; the body of the Prefect flow.

    Args:
        facts: The flow.
        arguments: What the Prefect flow was called with.

    Returns:
        A completed state that names the Metaflow run, or a failed one that says what
        failed where.
    """
    try:
        name = _run_flow(facts, arguments)
    except (RunFailure, HostEnded, LoadProblem) as failure:
        return Failed(message=str(failure), data=failure)
    except RunEnded as stop:
        return stop.state
    return Completed(message=f"Metaflow run {name}")


def _run_flow(facts: MetaflowFlow, arguments: Mapping[str, Any]) -> str:
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None
    flow_run = context.flow_run
    logger = get_run_logger()
    prepared = PreparedRun.take()
    if prepared is None:
        assert context.flow is not None
        parameters = parameters_of(context.flow)
        given = given_values(parameters, context.flow, arguments)
        prepared = PreparedRun.load(facts, parameters, given)
    host = prepared.host
    host.echo(logger.info)
    run_id = f"{RUN_PREFIX}{flow_run.id}"
    try:
        started = host.start(run_id, str(flow_run.id), again=flow_run.run_count > 1)
    except HostEnded:
        host.close()
        raise
    logger.info("Metaflow run %s/%s", started["flow"], run_id)
    logger.info("%s", started["launcher"])
    publisher = ArtifactPublisher(started["flow"], started["metadata"], flow_run.id)
    program = f"python {Path(facts.source).name} logs {run_id}"
    logs = RunLogs(logger, program)
    session = RunSession(host, publisher, logs)
    loaded = host.loaded or {}
    threads = TaskThreads(flow_run.id)
    watch = RunWatch(flow_run.id, kept_for(facts).get("timeout"), threads.wake)
    loop = RunLoop(
        facts,
        session,
        loaded["steps"],
        threads,
        loaded["max_workers"],
        loaded["max_num_splits"],
        watch,
    )
    succeeded = False
    try:
        with watch.watching():
            _conduct(loop, host, started["parameters_path"])
        succeeded = True
    except RunFailure as failure:
        if failure.step:
            failure.remedy = f"{program}/{failure.step}/{failure.task_id}"
        raise
    finally:
        threads.settle()
        publisher.run_finished(run_id, succeeded=succeeded)
        publisher.close()
        host.close()
        logs.close()
    return f"{started['flow']}/{run_id}"


def _conduct(loop: RunLoop, host: Host, parameters_path: str) -> None:
    """Run all tasks, then have Metaflow end the run accordingly."""
    try:
        end_path = loop.run(parameters_path)
    except RunFailure as failure:
        reason = "" if failure.said else failure.reason
        host.finish(outcome="failed", reason=reason, task_id=failure.task_id, grace=5)
        raise
    except (KeyboardInterrupt, TerminationSignal) as stop:
        number = getattr(stop, "signal", signal.SIGINT)
        host.finish(outcome="interrupted", signal=number, grace=2)
        raise
    except RunEnded:
        host.finish(outcome="interrupted", signal=signal.SIGTERM, grace=2)
        raise
    code = host.finish(outcome="succeeded", path=end_path)
    if code:
        raise RunFailure(f"Metaflow ended with exit code {code}.")


class LoadProblem(Exception):
    """The flow cannot be loaded as things are; the message says what to do."""


class PreparedRun:
    """A loaded flow whose run has not begun."""

    waiting: PreparedRun | None = None

    def __init__(self, host: Host) -> None:
        self.host = host

    @classmethod
    def take(cls) -> PreparedRun | None:
        """Return what the command line has prepared, once."""
        prepared, cls.waiting = cls.waiting, None
        return prepared

    @classmethod
    def load(
        cls,
        facts: MetaflowFlow,
        parameters: Sequence[Parameter],
        values: Mapping[str, Any],
    ) -> PreparedRun:
        """Start a Metaflow process and have it load the flow with given parameters."""
        note_triggers(kept_for(facts))
        host = adopt_host(*start_metaflow(facts.file))
        facts = facts_as_deployed(facts)
        words: list[str] = []
        for parameter in parameters:
            if parameter.name in values:
                words += parameter_words(parameter, values[parameter.name])
        arguments = [*facts.options, *command_as_deployed(facts, words)]
        load_flow(host, facts, arguments)
        return cls(host)


def load_flow(
    host: Host,
    facts: MetaflowFlow,
    arguments: Sequence[str],
    launcher: str | None = None,
    preload: Sequence[str] = (),
) -> None:
    """Have a Metaflow process load a flow from its source, wherever this file lies."""
    script = Path(facts.file).resolve().parent.joinpath(facts.source)
    if not script.exists():
        host.close()
        raise LoadProblem(SOURCE_MISSING.format(script))
    chosen = launcher or os.environ.get(LAUNCHER_VARIABLE) or LAUNCHERS[0]
    if chosen not in LAUNCHERS:
        host.close()
        raise LoadProblem(
            f"{LAUNCHER_VARIABLE} is {chosen!r}. Set it to warm or fresh."
        )
    try:
        log_lines_limit()
        running_after()
    except ValueError as problem:
        host.close()
        raise LoadProblem(str(problem)) from problem
    modules = preload or os.environ.get("METAFLOW_PREFECT_PRELOAD", "").split()
    # A resumed run has the configs of its origin. The command comes right after the
    # top-level options; further on, a parameter's value may be any word.
    resumed = arguments[len(facts.options)] == "resume"
    configs = {} if resumed else facts.configs
    host.load(str(script.resolve()), facts.name, arguments, configs, chosen, modules)
    workers = (host.loaded or {})["max_workers"]
    if workers < 1:
        host.close()
        raise LoadProblem(FEW_WORKERS.format(workers))
