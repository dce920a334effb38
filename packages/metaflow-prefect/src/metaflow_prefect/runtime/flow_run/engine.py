"""Run a Metaflow flow inside a Prefect flow run."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.states import Cancelled, Completed, Failed

from ..facts import RUN_PREFIX, MetaflowFlow, Parameter
from ..start import start_metaflow
from .artifacts import RunPages
from .deployed import command_as_deployed, facts_as_deployed, kept_for
from .failure_report import RunFacts
from .heartbeat import Heartbeats
from .host_client import Host, HostEnded, adopt_host
from .log_records import AnyLogger, quiet_failures
from .logs import RunLogs, log_lines_limit
from .naming import (
    describe_run,
    end_what_was_left,
    flow_run_of,
    flow_run_page,
    open_client,
    run_name_template,
    value_text,
)
from .placed import idle_limit
from .placing import HerePlaces, Places
from .run_loop import RunLoop
from .run_summary import RunSummary
from .runner_choice import PlacingProblem, RunnerChoice
from .scheduler import RunFailure, RunProblem
from .shared_calls import call_limit
from .shipper import EventShipper
from .staleness import stale_reason
from .step_engine import running_after
from .steps import RunSession
from .taskruns import TaskThreads
from .trigger import note_triggers
from .values import given_values, parameter_words, parameters_of
from .watch import RunEnded, RunWatch
from .worker_engines import WorkerEngine
from .worker_places import WorkerPlaces, job_of

LAUNCHERS = ("warm", "fresh")
BY_CTRL_C = "Stopped with Ctrl-C; no step is running any more."
LAUNCHER_VARIABLE = "METAFLOW_PREFECT_LAUNCHER"
SOURCE_MISSING = (
    "The flow's source {} is not there. Keep it where it was, relative to this file, "
    "or make this file again with `prefect create`."
)

LOST_STATES = (
    "Prefect's server did not take %d states of task runs of this run: its pages may "
    "not show how these ended. Metaflow has their results."
)
FEW_WORKERS = (
    "With {} workers no step would run. Set --max-workers, or METAFLOW_RUN_MAX_WORKERS "
    "in the environment, to 1 or more."
)


def run_flow(facts: MetaflowFlow, arguments: Mapping[str, Any]) -> State[Any]:
    """Run a Metaflow flow; the body of the Prefect flow.

    Args:
        facts: The flow.
        arguments: What the Prefect flow was called with.

    Returns:
        A completed state that names the Metaflow run, or a failed one that says what
        failed where.
    """
    quiet_failures()
    try:
        name = _run_flow(facts, arguments)
    except RunProblem as failure:
        get_run_logger().error("%s", failure)
        if isinstance(failure, RunFailure) and failure.advice:
            get_run_logger().info("%s", failure.advice)
        return Failed(message=str(failure), data=failure)
    except RunEnded as stop:
        return stop.state
    except KeyboardInterrupt:
        return Cancelled(message=BY_CTRL_C)
    return Completed(message=f"Metaflow run {name}")


def _run_flow(facts: MetaflowFlow, arguments: Mapping[str, Any]) -> str:
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None
    assert context.flow is not None
    parameters = parameters_of(context.flow)
    given = given_values(parameters, context.flow, arguments)
    prepared = PreparedRun.take() or PreparedRun.load(facts, parameters, given)
    with ExitStack() as stack:
        return _run_prepared(facts, prepared, parameters, given, context, stack)


def _run_prepared(
    facts: MetaflowFlow,
    prepared: PreparedRun,
    parameters: Sequence[Parameter],
    given: Mapping[str, Any],
    context: FlowRunContext,
    stack: ExitStack,
) -> str:
    flow_run = context.flow_run
    assert flow_run is not None
    logger = get_run_logger()
    host = prepared.host
    stack.callback(host.close)
    host.echo(logger.info, logger.warning)
    loaded = host.loaded or {}
    choice, runner = prepared.choice, context.task_runner
    engine = choice.engine(loaded, runner, stack)
    workers = choice.most_workers(runner, loaded["max_workers"])
    run_id, again = f"{RUN_PREFIX}{flow_run.id}", flow_run.run_count > 1
    url = flow_run_page(flow_run.id)
    started = host.start(run_id, str(flow_run.id), url, again=again)
    logger.info("Metaflow run %s/%s", started["flow"], run_id)
    logger.info("%s", started["launcher"])
    if engine is not None:
        logger.info("Steps run on workers of %s.", engine.name)
    program = shlex.join(["python", Path(facts.source).name, *facts.options])
    logs = RunLogs(logger, f"{program} logs {run_id}", started["metaflow_folder"])
    (prepared.after or stack).callback(logs.close)
    stack.callback(_close, EventShipper(stack.enter_context(open_client())), logger)
    _tell_of_begin(flow_run, parameters, given, started)
    places = _places(facts, choice, engine, host, (run_id, program, again, workers))
    run = RunFacts(
        flow=started["flow"],
        run_id=run_id,
        metadata=started["metadata"],
        program=program,
        parameters={n: value_text(v) for n, v in started["parameters"].items()},
        resume=prepared.resume_command(facts.file, run_id),
        has_retry=flow_run.deployment_id is not None,
        flow_run_url=url,
        attempt=flow_run.run_count,
        cards=loaded["cards"],
    )
    summary = RunSummary(run, list(facts.steps))
    pages = RunPages(run, summary, flow_run.id)
    session = RunSession(places, pages, logs, run.flow, started["metaflow_folder"])
    threads = TaskThreads(flow_run.id, places.waits)
    watch = RunWatch(
        flow_run.id,
        kept_for(facts).get("timeout"),
        threads.wake,
        Heartbeats(flow_run, facts.name),
    )
    loop = RunLoop(
        facts,
        session,
        loaded["steps"],
        threads,
        summary,
        workers,
        loaded["max_num_splits"],
        watch,
    )
    outcome = "was stopped"
    failed: RunFailure | None = None
    try:
        with watch.watching():
            _conduct(loop, host, session, started["parameters_path"])
        outcome = "succeeded"
    except RunFailure as failure:
        outcome, failed = "failed", failure
        is_reported = failure.task_id in session.failures
        failure.remedy, failure.advice = run.resume, pages.advice * is_reported
        raise
    finally:
        for unit, task_run_id, state in threads.settle(session.stop_reason):
            summary.ended(unit, task_run_id, state)
        if failed and (known := session.failures.get(failed.task_id)):
            others = [one for one in session.failures.values() if one is not known]
            pages.run_failed(known, others, summary.stopped)
        pages.run_ended(outcome)
        places.close()
        host.close()
    return f"{run.flow}/{run_id}"


def _close(events: EventShipper, logger: AnyLogger) -> None:
    """Wait until Prefect has the states of all task runs; say how many it has not."""
    if lost := events.close():
        logger.warning(LOST_STATES, lost)


def _places(
    facts: MetaflowFlow,
    choice: RunnerChoice,
    engine: WorkerEngine | None,
    host: Host,
    run: tuple[str, str, bool, int],
) -> Places:
    if engine is None:
        return HerePlaces(host)
    run_id, program, again, workers = run
    shared = choice.has_folders(engine)
    job = job_of(facts, host, shared, run_id, f"{program} logs {run_id}")
    is_new = not again and not (host.loaded or {})["origin"]
    return WorkerPlaces(engine, host, job, is_new, workers)


def _tell_of_begin(
    flow_run: FlowRun,
    parameters: Sequence[Parameter],
    given: Mapping[str, Any],
    started: Mapping[str, Any],
) -> None:
    """Have Prefect's pages say what begins, and end what an earlier try has left."""
    origin = started["origin"]
    left = [flow_run.id] if flow_run.run_count > 1 else []
    left += [known for known in [origin and flow_run_of(origin)] if known]
    with open_client() as client:
        describe_run(client, flow_run, parameters, given, started)
        if left:
            end_what_was_left(client, left)


def _conduct(
    loop: RunLoop, host: Host, session: RunSession, parameters_path: str
) -> None:
    """Run all tasks, then have Metaflow end the run accordingly."""
    try:
        end_path = loop.run(parameters_path)
    except RunFailure as failure:
        session.stop(f"{failure.place or failure.step} failed")
        session.places.stop(None, 5.0)
        host.finish(
            outcome="failed",
            reason="" if failure.said else failure.reason,
            step=failure.step,
            task_id=failure.task_id,
            grace=5,
        )
        raise
    except (KeyboardInterrupt, TerminationSignal) as stop:
        number = getattr(stop, "signal", signal.SIGINT)
        by_person = isinstance(stop, KeyboardInterrupt)
        session.stop("of Ctrl-C" if by_person else "the run was cancelled or ended")
        session.places.stop(number, 2.0)
        host.finish(outcome="interrupted", signal=number, grace=2)
        raise
    except RunEnded as end:
        session.stop(end.reason)
        session.places.stop(signal.SIGTERM, 2.0)
        host.finish(outcome="interrupted", signal=signal.SIGTERM, grace=2)
        raise
    code = host.finish(outcome="succeeded", path=end_path)
    if code:
        raise RunFailure(f"Metaflow ended with exit code {code}.")


class LoadProblem(RunProblem):
    """The flow cannot be loaded as things are; the message says what to do."""


class PreparedRun:
    """A loaded flow whose run has not begun.

    Args:
        host: The Metaflow process that has loaded it.
        choice: Where its steps run.
        resume: The command that goes on with a run of it; `{}` is the run's id.

    Attributes:
        after: Closed when Prefect has ended the flow run too. What Prefect logs of the
            end goes the way of the other lines, for which it would connect once more.
    """

    waiting: PreparedRun | None = None

    def __init__(self, host: Host, choice: RunnerChoice, resume: str = "") -> None:
        self.host = host
        self.choice = choice
        self.after: ExitStack | None = None
        self._resume = resume

    def resume_command(self, path: str, run_id: str) -> str:
        """Return the command that goes on with this run after a failure.

        Args:
            path: The generated file.
            run_id: The id of the Metaflow run.
        """
        resume = self._resume or f"python {shlex.quote(path)} --resume={{}}"
        return resume.format(run_id)

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
        choice = RunnerChoice.chosen(None, shared=False, kept=kept_for(facts))
        load_flow(host, facts, parameters, arguments, choice)
        return cls(host, choice)


def load_flow(
    host: Host,
    facts: MetaflowFlow,
    parameters: Sequence[Parameter],
    arguments: Sequence[str],
    choice: RunnerChoice,
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
        run_name_template(parameters)
        idle_limit()
        call_limit()
        choice.check_runner()
    except (ValueError, PlacingProblem) as wrong:
        host.close()
        raise LoadProblem(str(wrong)) from wrong
    modules = preload or os.environ.get("METAFLOW_PREFECT_PRELOAD", "").split()
    # The command comes right after the top-level options; further on, a parameter's
    # value may be any word.
    resumed = arguments[len(facts.options)] == "resume"
    path = str(script.resolve())
    try:
        host.load(path, facts.name, arguments, facts.configs, resumed, chosen, modules)
    except HostEnded as ended:
        if ended.shape and (reason := stale_reason(facts, parameters, ended.shape)):
            raise LoadProblem(reason) from ended
        raise
    loaded = host.loaded or {}
    problem = stale_reason(facts, parameters, loaded["shape"])
    if loaded["max_workers"] < 1:
        problem = FEW_WORKERS.format(loaded["max_workers"])
    if problem:
        host.close()
        raise LoadProblem(problem)
    try:
        choice.check_loaded(loaded)
    except PlacingProblem as wrong:
        host.close()
        raise LoadProblem(str(wrong)) from wrong
