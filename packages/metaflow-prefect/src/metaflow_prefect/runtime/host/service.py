"""The Metaflow side of a run: Metaflow's own `run` command, scheduled by Prefect.

The flow's source runs as `python flow.py run …` does. Metaflow checks the flow, reads
its parameters, makes the run, runs every hook of every decorator and builds every
step's command. Only `execute()`, the loop that decides what runs when, is replaced: it
serves the requests of the Prefect side, one thread for each task that is running.
"""

from __future__ import annotations

import importlib
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
from .script import TRIGGERS_KNOWN_BY, end_process
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
            attach: Of a run that another process has made: the namespace of its steps.
        """
        self.attach = attach
        self._channel = channel
        self._inbox = inbox
        self._launcher = launcher
        self._lines = LogLines(self._send_lines)
        # Hooks of decorators expect to be called one after another, as natively.
        self._hooks = threading.Lock()
        self._tasks: dict[str, Any] = {}
        self._offsets: dict[str, int] = {}
        self._workers: dict[int, Any] = {}
        self._idle = threading.Condition()
        self._stopping = False
        self._stopped: set[int] = set()  # requests whose processes were ended from here
        self._start: dict[str, Any] = {}
        self._runtime: Any = None
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
        parameters = runtime._params_task
        ids = {"prefect-flow-run-id": self._start["flow_run_id"]}
        if page := self._start.get("flow_run_url"):
            ids["prefect-url"] = page
        if self.attach is None:
            self._record(parameters, ids | process_field())
        self._channel.send(
            {
                "kind": "started",
                "flow": runtime._flow.name,
                "parameters_path": parameters.path,
                "metadata": runtime._metadata.metadata_str(),
                "origin": runtime._clone_run_id,
                "parameters": parameter_values(
                    runtime._flow, self._stored(*parameters.path.split("/"))
                ),
                "metaflow_folder": str(Path(sys.modules["metaflow"].__path__[0])),
                "launcher": self._launcher.choice,
            }
        )
        while True:
            message = self._inbox.next()
            if message is None:
                os._exit(1)  # the Prefect side is gone; the warm process ends the steps
            if message["kind"] == "attempt":
                threading.Thread(target=self._attempt, args=(message,)).start()
            elif message["kind"] == "taken":
                self._lines.taken(message["request"])
            elif message["kind"] == "package":
                self._channel.send({"kind": "packaged", **kept_package(runtime)})
            elif message["kind"] == "stop":
                self._stop_tasks(message["signal"], message["grace"])
                os._exit(0)
            elif message["kind"] == "finish":
                self._lines.open()
                self._finish(message, TaskFailed)
                return

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
            if message.get("elsewhere") and not self._is_finished(message):
                offset = self._offsets.get(message["task_id"], 0)
                return {"state": "elsewhere", "offset": offset}
            task_for = self._task_for if self.attach is None else self._attached_task
            task, finished = task_for(message)
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
        # There may be very many, and each holds on to much.
        place = (self._runtime.run_id, task.step, task.task_id)
        store = self._runtime._flow_datastore
        self._tasks[task.task_id] = FinishedTask(store, *place)
        return {"state": "ran", **results}

    def _results(self, task: Any, message: dict[str, Any]) -> dict[str, Any]:
        """Return what a task says; its artifacts too, where they were asked for."""
        results = results_of(task)
        if message.get("describe"):
            paths = message["input_paths"][:MOST_COMPARED]
            inputs = [self._stored(*path.split("/")) for path in paths]
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

    def _task_for(self, message: dict[str, Any]) -> tuple[Any, str | None]:
        """Return the task of a request, and how it is finished already, if it is."""
        task_id = message["task_id"]
        if "node_path" in message:
            return self._node(message), "node"
        known = self._tasks.get(task_id)
        if isinstance(known, FinishedTask):
            known.is_ok()  # which reads its results
            return known, "done"
        if known is not None:
            known.retries = message["attempt"] + self._offsets.get(task_id, 0)
            known.new_attempt()
            self._record_prefect_ids(known, message["task_run_id"], known.retries)
            return known, None
        if self._start["again"] and (finished := self._finished_task(message)):
            return finished, "done"
        task = self._runtime._new_task(
            message["step"],
            input_paths=message["input_paths"],
            task_id=task_id,
            **self._task_arguments(message),
        )
        self._tasks[task_id] = task
        if task.is_cloned:
            self._clone(task)
            return task, "cloned"
        if offset := self._offsets.get(task_id, 0):
            task.user_code_retries += offset
            task.retries = offset
            task.new_attempt()
        self._record_prefect_ids(task, message["task_run_id"], task.retries)
        return task, None

    def _is_finished(self, message: dict[str, Any]) -> bool:
        """Return whether a task is finished already, or need only be cloned."""
        runtime, task_id = self._runtime, message["task_id"]
        if isinstance(self._tasks.get(task_id), FinishedTask):
            return True
        if self._start["again"] and (found := self._finished_task(message)):
            self._tasks[task_id] = found
            return True
        if not runtime._clone_run_id or message["step"] in runtime._steps_to_rerun:
            return False
        cloned = (runtime._is_cloned[path] for path in message["input_paths"])
        place = self._origin_index(message)
        origin = runtime._origin_ds_set.get_with_pathspec_index(place)
        return all(cloned) and bool(origin and origin["_task_ok"])

    def _attached_task(self, message: dict[str, Any]) -> tuple[Any, str | None]:
        """Return the task of a request in a run that another process has made."""
        number = message["attempt"] + message["offset"]
        task_id = message["task_id"]
        task = self._tasks.get(task_id)
        if task is None:
            place = (self._runtime.run_id, message["step"], task_id)
            store = self._runtime._flow_datastore
            latest = store.get_task_datastore(*place, mode="d", allow_not_done=True)
            if latest.attempt is not None and latest.attempt >= number:
                # Begun on a worker that was lost, whereupon it was sent here.
                found = FinishedTask(store, *place)
                if found.is_ok():
                    return found, "done"
                return None, "lost"
            task = self._runtime._new_task(
                message["step"],
                input_paths=message["input_paths"],
                task_id=task_id,
                **self._task_arguments(message),
            )
            task.user_code_retries += message["offset"]
            self._tasks[task_id] = task
        if number:
            task.retries = number
            task.new_attempt()
        self._record_prefect_ids(task, message["task_run_id"], number)
        return task, None

    def _task_arguments(self, message: dict[str, Any]) -> dict[str, Any]:
        names = ("split_index", "ubf_context", "join_type")
        arguments = {name: message[name] for name in names if name in message}
        if "ubf_context" in message:
            parent = self._stored(*message["input_paths"][0].split("/"))
            arguments["ubf_iter"] = parent.get(parent["_foreach_var"])
        if self._runtime._clone_run_id:
            arguments["pathspec_index"] = self._origin_index(message)
        return arguments

    def _origin_index(self, message: dict[str, Any]) -> str:
        """Return the place in the origin of the task that this one may be a clone of.

        A control task has no index there, unless it is itself the first of the tasks
        that it starts (`@parallel`); what has index 0 otherwise is one that it started.
        """
        place = f"{self._runtime._clone_run_id}/{message['index']}"
        if "ubf_context" not in message:
            return place
        found = self._runtime._origin_ds_set.get_with_pathspec_index(place)
        if found and found.get("_control_task_is_mapper_zero"):
            return place
        return re.sub(r"0\](?=\[\]$)", "None]", place)

    def _stored(self, run_id: str, step: str, task_id: str) -> Any:
        """Return what a finished task has left in the datastore."""
        store = self._runtime._flow_datastore
        return store.get_task_datastore(run_id, step, task_id)

    def _finished_task(self, message: dict[str, Any]) -> Any:
        """Return the task if an earlier try of this flow run has finished it."""
        runtime = self._runtime
        store = runtime._flow_datastore
        place = (runtime.run_id, message["step"], message["task_id"])
        latest = store.get_task_datastore(*place, mode="d", allow_not_done=True)
        if latest.attempt is None:
            return None
        found = FinishedTask(store, *place)
        if found.is_ok():
            return found
        self._offsets[message["task_id"]] = latest.attempt + 1
        return None

    def _node(self, message: dict[str, Any]) -> Any:
        """Return a task that a `@parallel` step has started and awaited itself."""
        store = self._runtime._flow_datastore
        node = FinishedTask(store, *message["node_path"].split("/"))
        if not node.is_ok():
            raise RuntimeError(f"node {node.path} did not finish")
        if not self._runtime._is_cloned[node.path]:
            self._record_prefect_ids(node, message["task_run_id"])
        return node

    def _clone(self, task: Any) -> None:
        """Copy a task from the run that is resumed, with the nodes that it started."""
        origin_id = task.clone_origin.split("/")[2]
        copies = {task.clone_origin: (origin_id, task.task_id)}
        for path in task.results.get("_control_mapper_tasks") or ():
            node_id = path.split("/")[2]
            copies.setdefault(path, (node_id, node_id))
        for old, new in copies.values():
            self._clone_task(task.step, old, new)

    def _clone_task(self, step: str, origin_id: str, task_id: str) -> None:
        clone_util: Any = importlib.import_module("metaflow.clone_util")
        runtime = self._runtime
        clone_util.clone_task_helper(
            runtime._flow.name,
            runtime._clone_run_id,
            runtime.run_id,
            step,
            origin_id,
            task_id,
            runtime._flow_datastore,
            runtime._metadata,
            origin_ds_set=runtime._origin_ds_set,
        )
        runtime._is_cloned[f"{runtime.run_id}/{step}/{task_id}"] = True

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

    def _record_prefect_ids(
        self, task: Any, task_run_id: str, attempt: int = 0
    ) -> None:
        """Note in Metaflow's metadata which Prefect runs a task belongs to."""
        flow_run_id = self._start["flow_run_id"]
        ids = {"prefect-flow-run-id": flow_run_id, "prefect-task-run-id": task_run_id}
        triggers = os.environ.get(TRIGGERS_KNOWN_BY)
        if triggers and task.step == self._runtime._graph.start_step:
            ids["execution-triggers"] = triggers
        if page := self._start.get("flow_run_url"):
            ids["prefect-url"] = f"{page.rsplit('/', 2)[0]}/task-run/{task_run_id}"
        self._record(task, ids, attempt)

    def _record(self, task: Any, fields: dict[str, str], attempt: int = 0) -> None:
        provider: Any = importlib.import_module("metaflow.metadata_provider")
        self._runtime._metadata.register_metadata(
            self._runtime.run_id,
            task.step,
            task.task_id,
            [
                provider.MetaDatum(
                    field=name, value=value, type=name, tags=[f"attempt_id:{attempt}"]
                )
                for name, value in fields.items()
            ],
        )


def _cards_of(step: Any) -> list[str]:
    """Return the ids of the cards that a step makes; empty where one has none."""
    cards = (one for one in step.decorators if one.name == "card")
    return [str(card.attributes.get("id") or "") for card in cards]
