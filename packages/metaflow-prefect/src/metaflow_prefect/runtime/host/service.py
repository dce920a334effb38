"""The Metaflow side of a run: Metaflow's own `run` command, scheduled by Prefect.

The flow's source runs as `python flow.py run ...` does. Metaflow checks the flow, reads
its parameters, makes the run, runs every hook of every decorator and builds every
step's command. Only `execute()`, the loop that decides what runs when, is replaced: it
serves the requests of the Prefect side, one thread for each task that is running.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from ..channel import Channel
from .code import kept_package
from .flow_facts import shape_of
from .inbox import Inbox
from .launch import Launcher
from .origin import PARAMETERS_TASK, parameter_values, process_field
from .outcome import (
    MOST_COMPARED,
    FinishedTask,
    attempt_facts,
    described_artifacts,
    resources_of,
    results_of,
    runs_remotely,
    stored_exception,
)
from .script import end_process
from .tasks import RunTasks
from .triggers import tell_containers
from .worker import Line, LogLines, make_worker, watch

SLOW = 10.0  # seconds in which a run should have begun
STILL_WAITING = (
    "Metaflow has not begun the run after {:g} seconds. It may be waiting for its {}: "
    "see whether that answers. Metaflow itself keeps trying for very long."
)
LOST = "the worker that ran it was lost"
NATIVE_GRACE = 5.0  # seconds that Metaflow leaves the other tasks when one has failed


class RunService:
    """Serves the Prefect side's requests about one Metaflow run."""

    def __init__(
        self,
        channel: Channel,
        inbox: Inbox,
        launcher: Launcher,
        attach: dict[str, Any] | None = None,
    ) -> None:
        """Prepare to serve.

        Args:
            channel: The socket to the Prefect side.
            inbox: What comes from there.
            launcher: Starts the steps' processes.
            attach: Of a run that another process has made: the namespace of its steps,
                and a folder to remove in the end.
        """
        self.attach = attach
        self._channel = channel
        self._inbox = inbox
        self._launcher = launcher
        self._lines = LogLines(self._send_lines)
        # Hooks of decorators expect to be called one after another, as natively.
        self._hooks = threading.Lock()
        self._workers: dict[int, Any] = {}
        self._idle = threading.Condition()
        self._stopping = False
        self._stopped: set[int] = set()  # requests whose processes were ended from here
        self._start: dict[str, Any] = {}
        self._runtime: Any = None
        self._tasks: RunTasks  # once the run has begun
        self.storage = ""  # where the run's data is, once that is known
        self.awaited: list[str] = []  # what a run needs before it can begin

    # -- messages ---------------------------------------------------------------

    def _send_lines(self, request: int, lines: list[Line]) -> None:
        batch = {"request": request, "lines": lines, "at": time.time()}
        self._channel.send({"kind": "lines", **batch})

    def log(self, body: str = "", **_: object) -> None:
        """Take a line that Metaflow's runtime would print."""
        if self._lines.collecting():
            self._lines.add(body)
        else:
            sys.stdout.write(f"{body}\n")

    @contextmanager
    def telling_if_slow(self) -> Iterator[None]:
        """Say what Metaflow may be waiting for, if something takes very long."""
        timer = threading.Timer(SLOW, self._tell_slow)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _tell_slow(self) -> None:
        text = STILL_WAITING.format(SLOW, ", or for its ".join(self.awaited))
        self._channel.send({"kind": "notice", "text": text})

    # -- the run's life ---------------------------------------------------------

    def ready(self, flow: Any, limits: dict[str, Any], more: dict[str, Any]) -> str:
        """Report that the flow is loaded; wait for the run's id.

        Args:
            flow: The flow, its step decorators initialised.
            limits: What Metaflow's command line says about limits.
            more: What else is known: of the run that is to be resumed, if there is one,
                and of where the run's data will be.

        Returns:
            The id of the Metaflow run to make.
        """
        self._channel.send(
            {
                "kind": "loaded",
                "shape": shape_of(flow),
                "steps": {step.__name__: attempt_facts(step) for step in flow},
                "cards": {step.__name__: _cards_of(step) for step in flow},
                "max_workers": limits["max_workers"],
                "max_num_splits": limits["max_num_splits"],
                "here": [step.__name__ for step in flow if runs_remotely(step)],
                "resources": {step.__name__: resources_of(step) for step in flow},
                **more,
            }
        )
        message = self._inbox.next()
        if message is None or message["kind"] != "start":
            end_process(0)
        self._start = message
        return str(message["run_id"])

    def earlier_parameters(self, runtime: Any) -> Any:
        """Return the parameters' task, if an earlier try of this flow run made it."""
        if not self._start["again"]:
            return None
        place = (runtime.run_id, "_parameters", PARAMETERS_TASK)
        found = FinishedTask(runtime._flow_datastore, *place)
        return found if found.is_ok() else None

    def serve(self, runtime: Any) -> None:
        """Do the work of Metaflow's scheduling loop, as the Prefect side asks for it.

        Raises:
            KeyboardInterrupt: The run was stopped from outside.
            TaskFailed: A task has failed for good.
        """
        from metaflow.runtime import TaskFailed

        self._runtime = runtime
        self._tasks = RunTasks(runtime, self._start, attached=self.attach is not None)
        parameters = runtime._params_task
        ids = {"prefect-flow-run-id": self._start["flow_run_id"]}
        if page := self._start.get("flow_run_url"):
            ids["prefect-url"] = page
        if self.attach is None:
            self._tasks.record(parameters, ids | process_field())
        self._channel.send(
            {
                "kind": "started",
                "flow": runtime._flow.name,
                "parameters_path": parameters.path,
                "metadata": runtime._metadata.metadata_str(),
                "origin": runtime._clone_run_id,
                "parameters": parameter_values(
                    runtime._flow, self._tasks.stored(*parameters.path.split("/"))
                ),
                "metaflow_folder": str(Path(sys.modules["metaflow"].__path__[0])),
                "launcher": self._launcher.choice,
            }
        )
        self._tell_containers()
        while True:
            message = self._inbox.next()
            if message is None:
                self._leave(1)  # the Prefect side is gone
            if message["kind"] == "attempt":
                threading.Thread(target=self._attempt, args=(message,)).start()
            elif message["kind"] == "taken":
                self._lines.taken(message["request"])
            elif message["kind"] == "package":
                self._channel.send({"kind": "packaged", **kept_package(runtime)})
            elif message["kind"] == "stop":
                self._stop_tasks(message["signal"], message["grace"])
                self._leave(0)
            elif message["kind"] == "finish":
                self._lines.open()
                self._finish(message, TaskFailed)
                return

    def _tell_containers(self) -> None:
        """Let remote steps, which run from here, know what has set off the run."""
        remote = [step for step in self._runtime._flow if runs_remotely(step)]
        if self.attach is None and (notice := tell_containers(remote)):
            self._channel.send({"kind": "notice", "text": notice})

    def _leave(self, code: int) -> NoReturn:
        """End this process; the warm process ends the steps."""
        if self.attach:  # which whoever asked for it may not have lived to remove
            shutil.rmtree(self.attach["scratch"], ignore_errors=True)
        os._exit(code)

    def _finish(self, message: dict[str, Any], task_failed: type[Exception]) -> None:
        outcome = message["outcome"]
        if outcome == "succeeded":
            runtime = self._runtime
            _, step, _ = message["path"].split("/")
            if step != runtime._graph.end_step:  # as Metaflow's own runtime asserts
                raise RuntimeError(f"{message['path']} is no task of the end step")
            runtime._finished[step, (), ()] = message["path"]
            return
        number = signal.SIGINT if outcome == "interrupted" else None
        self._stop_tasks(message.get("signal", number), message["grace"])
        if outcome == "interrupted":
            raise KeyboardInterrupt
        if not message["step"]:
            raise RuntimeError(message["reason"])
        place = (self._runtime.run_id, message["step"], message["task_id"])
        failed = FinishedTask(self._runtime._flow_datastore, *place)
        raise task_failed(failed, message["reason"])

    def _stop_tasks(self, number: int | None, grace: float) -> None:
        """Let running tasks finish for a while, as natively, then kill them."""
        with self._idle:
            self._stopping = True
            workers = list(self._workers.values())
            if number is not None:
                self._stopped.update(self._workers)
        for worker in workers:
            if number is not None:
                worker._proc.signal_group(number)
        deadline = time.monotonic() + grace
        with self._idle:
            self._idle.wait_for(lambda: not self._workers, timeout=grace)
            late = list(self._workers.values())
            self._stopped.update(self._workers)
        for worker in late:
            worker.kill()
        if number is not None:
            for worker in workers:  # their children may have ignored the signal
                worker._proc.kill()
        with self._idle:
            left = max(0.0, deadline - time.monotonic())
            self._idle.wait_for(lambda: not self._workers, timeout=left + NATIVE_GRACE)

    # -- tasks ------------------------------------------------------------------

    def _attempt(self, message: dict[str, Any]) -> None:
        number = message["request"]
        self._lines.begin(number)
        try:
            reply = self._run_attempt(message)
        except BaseException as error:  # noqa: BLE001 - reported to the Prefect side
            if not self._stopping:
                self._lines.add(f"{type(error).__name__}: {error}", "stderr")
            reply = {
                "state": "failed",
                "code": None,
                "reason": str(error),
                "stopped": self._stopping,
                "storage": self.storage,
            }
        self._lines.end()
        self._channel.send({"kind": "reply", "request": number, **reply})

    def _run_attempt(self, message: dict[str, Any]) -> dict[str, Any]:
        with self._hooks:
            if message.get("elsewhere") and not self._tasks.is_finished(message):
                offset = self._tasks.offset(message["task_id"])
                return {"state": "elsewhere", "offset": offset}
            task, finished = self._tasks.of(message)
            if finished is None:
                worker = self._launch(task, message)
        if finished == "lost":
            return {"state": "failed", "code": None, "reason": LOST, "lost": True}
        if finished is not None:
            return {"state": finished, **self._results(task, message)}
        try:
            code = watch(worker, self._lines)
        finally:
            with self._idle:
                del self._workers[message["request"]]
                self._idle.notify_all()
        if code:
            return self._failure(worker, code, message["request"])
        results = self._results(task, message)
        self._tasks.finished(task)
        return {"state": "ran", **results}

    def _results(self, task: Any, message: dict[str, Any]) -> dict[str, Any]:
        """Return what a task says; its artifacts too, where they were asked for."""
        results = results_of(task)
        if message.get("describe"):
            paths = message["input_paths"][:MOST_COMPARED]
            inputs = [self._tasks.stored(*path.split("/")) for path in paths]
            results["artifacts"] = described_artifacts(task.results, inputs)
        return results

    def _failure(self, worker: Any, code: int, request: int) -> dict[str, Any]:
        exception: Any = importlib.import_module("metaflow.exception")
        give_up = code == exception.METAFLOW_EXIT_DISALLOW_RETRY
        final = give_up or self._stopping or worker.cleaned
        task = worker.task
        store = self._runtime._flow_datastore.get_task_datastore(
            self._runtime.run_id,
            task.step,
            task.task_id,
            attempt=task.retries,
            allow_not_done=True,
        )
        return {
            "state": "failed",
            "code": code,
            "final": final,
            "give_up": give_up,
            "stopped": request in self._stopped,
            "error": stored_exception(store),
            "storage": self.storage,
        }

    def _launch(self, task: Any, message: dict[str, Any]) -> Any:
        runtime = self._runtime
        with self._idle:
            if self._stopping:
                raise RuntimeError("the run is being stopped")
            worker = make_worker(
                task,
                runtime._max_log_size,
                runtime._config_file_name,
                self._lines,
            )
            self._workers[message["request"]] = worker
        self._lines.flush()
        return worker


def _cards_of(step: Any) -> list[str]:
    """Return the ids of the cards that a step makes; empty where one has none."""
    cards = (one for one in step.decorators if one.name == "card")
    return [str(card.attributes.get("id") or "") for card in cards]
