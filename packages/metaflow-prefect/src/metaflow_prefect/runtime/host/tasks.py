"""The tasks of a run as Metaflow has them: new, tried again, finished or cloned."""

from __future__ import annotations

import importlib
import re
from typing import Any

from .outcome import FinishedTask
from .triggers import known_triggers


class RunTasks:
    """Finds the task that an attempt is of, and keeps it for the next one.

    Args:
        runtime: Metaflow's runtime of the run.
        start: What the Prefect side says of the run.
        attached: Whether another process has made the run.
    """

    def __init__(self, runtime: Any, start: dict[str, Any], *, attached: bool) -> None:
        self._runtime = runtime
        self._start = start
        self._attached = attached
        self._tasks: dict[str, Any] = {}
        self._offsets: dict[str, int] = {}

    def of(self, message: dict[str, Any]) -> tuple[Any, str | None]:
        """Return the task of a request, and how it is finished already, if it is.

        Args:
            message: The request.
        """
        return (
            self._attached_task(message) if self._attached else self._own_task(message)
        )

    def offset(self, task_id: str) -> int:
        """Return how many attempts of a task earlier tries of the run have made."""
        return self._offsets.get(task_id, 0)

    def finished(self, task: Any) -> None:
        """Keep only where a task is: there may be very many, and each holds much."""
        place = (self._runtime.run_id, task.step, task.task_id)
        self._tasks[task.task_id] = FinishedTask(self._runtime._flow_datastore, *place)

    def _own_task(self, message: dict[str, Any]) -> tuple[Any, str | None]:
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
        task = self._new_task(message)
        if task.is_cloned:
            self._clone(task)
            return task, "cloned"
        if offset := self._offsets.get(task_id, 0):
            task.user_code_retries += offset
            task.retries = offset
            task.new_attempt()
        self._record_prefect_ids(task, message["task_run_id"], task.retries)
        return task, None

    def is_finished(self, message: dict[str, Any]) -> bool:
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
            task = self._new_task(message)
            task.user_code_retries += message["offset"]
        if number:
            task.retries = number
            task.new_attempt()
        self._record_prefect_ids(task, message["task_run_id"], number)
        return task, None

    def _new_task(self, message: dict[str, Any]) -> Any:
        """Make the task of a request, and keep it."""
        task = self._runtime._new_task(
            message["step"],
            input_paths=message["input_paths"],
            task_id=message["task_id"],
            **self._task_arguments(message),
        )
        self._tasks[message["task_id"]] = task
        return task

    def _task_arguments(self, message: dict[str, Any]) -> dict[str, Any]:
        names = ("split_index", "ubf_context", "join_type")
        arguments = {name: message[name] for name in names if name in message}
        if "ubf_context" in message:
            parent = self.stored(*message["input_paths"][0].split("/"))
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

    def stored(self, run_id: str, step: str, task_id: str) -> Any:
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

    def _record_prefect_ids(
        self, task: Any, task_run_id: str, attempt: int = 0
    ) -> None:
        """Note in Metaflow's metadata which Prefect runs a task belongs to."""
        flow_run_id = self._start["flow_run_id"]
        ids = {"prefect-flow-run-id": flow_run_id, "prefect-task-run-id": task_run_id}
        triggers = known_triggers()
        if triggers and task.step == self._runtime._graph.start_step:
            ids["execution-triggers"] = triggers
        if page := self._start.get("flow_run_url"):
            ids["prefect-url"] = f"{page.rsplit('/', 2)[0]}/task-run/{task_run_id}"
        self.record(task, ids, attempt)

    def record(self, task: Any, fields: dict[str, str], attempt: int = 0) -> None:
        """Note something of a task in Metaflow's metadata.

        Args:
            task: The task.
            fields: What to note, by names.
            attempt: Which attempt of the task it is about.
        """
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
