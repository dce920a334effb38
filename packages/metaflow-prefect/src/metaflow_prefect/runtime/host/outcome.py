"""What a finished task says about itself and about what comes next."""

from __future__ import annotations

import errno
import importlib
from contextlib import suppress
from typing import Any

STORAGE_ERRORS = (errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES, errno.EIO)
LONGEST_VALUE = 40  # characters of a foreach value that fit a task run's name
MOST_COMPARED = 20  # inputs of a join that its artifacts are compared with


def storage_problem(error: BaseException) -> OSError | None:
    """Return what the system said of a disk that is full or must not be written.

    Metaflow may have failed once more because of it, so what led to an error counts.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in STORAGE_ERRORS:
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def described_storage(store: Any) -> str:
    """Return of which kind a datastore is, and where."""
    config: Any = importlib.import_module("metaflow.metaflow_config")
    url = config.S3_ENDPOINT_URL if store.TYPE == "s3" else None
    place = f"{store.TYPE} datastore at {store.datastore_root}"
    return f"{place} ({url})" if url else place


class FinishedTask:
    """A task that an earlier try of the same flow run has finished."""

    def __init__(self, store: Any, run_id: str, step: str, task_id: str) -> None:
        self.step = step
        self.task_id = task_id
        self.path = f"{run_id}/{step}/{task_id}"
        self._store = store
        self.results: Any = None

    def __str__(self) -> str:
        """Return its path, which Metaflow's own message has."""
        return self.path

    def is_ok(self) -> bool:
        """Return whether its latest attempt finished well."""
        from metaflow.datastore.exceptions import DataException

        try:
            self.results = self._store.get_task_datastore(*self.path.split("/"))
        except DataException:
            return False
        return bool(self.results["_task_ok"])


def attempt_facts(step: Any) -> dict[str, float]:
    """Return how often Metaflow would retry a step, and after how many seconds."""
    user, error, delay = 0, 0, 0.0
    for decorator in step.decorators:
        counts = decorator.step_task_retry_count()
        if counts == (None, None):
            return {"user_retries": 0, "error_retries": 0, "delay": 0.0}
        user, error = max(user, counts[0]), max(error, counts[1])
        minutes = decorator.attributes.get("minutes_between_retries")
        if minutes is not None:
            delay = float(minutes) * 60
    if runs_remotely(step):
        delay = 0.0  # their own command waits before it starts a job again
    return {"user_retries": user, "error_retries": error, "delay": delay}


def runs_remotely(step: Any) -> bool:
    """Return whether a step is only watched by the process that Metaflow starts."""
    return any(one.name in ("batch", "kubernetes") for one in step.decorators)


def resources_of(step: Any) -> dict[str, float]:
    """Return what a step asks for by `@resources`, as far as it is a number."""
    found = {}
    for decorator in step.decorators:
        if decorator.name != "resources":
            continue
        for name, value in decorator.attributes.items():
            with suppress(TypeError, ValueError):
                found[name] = float(value)
    return found


def results_of(task: Any) -> dict[str, Any]:
    """Return what a finished task says about what comes next."""
    results = task.results
    steps, foreach = results.get("_transition") or ([], None)
    splits = results["_foreach_num_splits"] if foreach else None
    values = results.get("_foreach_values") if splits else None
    unbounded = bool(results.get("_unbounded_foreach"))
    return {
        "path": task.path,
        "next_steps": list(steps),
        "foreach": foreach,
        "num_splits": splits,
        "values": values and [short_value(value) for value in values],
        "unbounded": unbounded,
        "control_is_mapper": bool(results.get("_control_task_is_mapper_zero")),
        "mapper_paths": _mapper_paths(task) if unbounded else None,
        "caught": _caught_exception(results),
    }


def described_artifacts(results: Any, inputs: list[Any]) -> list[dict[str, Any]]:
    """Return name, type and size of what a task has left, and whether it is new.

    No value is read. An artifact is new unless an input of the task has the same.

    Args:
        results: The datastore of the task.
        inputs: The datastores of its inputs.
    """
    earlier = [dict(one.items()) for one in inputs]
    infos = results.ds_metadata["info"]
    return [
        {
            "name": name,
            "type": str(infos[name]["type"]),
            "size": int(infos[name]["size"]),
            "new": not any(one.get(name) == key for one in earlier),
        }
        for name, key in sorted(results.items())
        if not name.startswith("_") and name != "name"
    ]


def stored_exception(results: Any, name: str = "_exception") -> dict[str, Any] | None:
    """Return the exception that Metaflow has kept of an attempt, as texts.

    A lone surrogate, as of a file's name that is not UTF-8, is written as Python prints
    it, since Prefect takes none.
    """
    from metaflow.exception import MetaflowException

    if not results.has_metadata(results.METADATA_DONE_SUFFIX):
        return None  # it has ended before it could keep anything
    try:
        kept = results[name]
    except (MetaflowException, KeyError, OSError):
        return None
    texts = kept and {
        "type": kept.type,
        "message": kept.exception,
        "trace": kept.stacktrace or "",
    }
    return texts and {
        name: str(text).encode(errors="backslashreplace").decode()
        for name, text in texts.items()
    }


def _caught_exception(results: Any) -> dict[str, Any] | None:
    """Return the exception that `@catch` has caught in this very task."""
    if "_catch_exception" not in results or results.get("_success"):
        return None
    return stored_exception(results, "_catch_exception")


def _mapper_paths(task: Any) -> list[str] | None:
    """Return the tasks that a control task has started; of `@parallel`, itself first.

    What a cloned task remembers are those of its origin, which were cloned likewise.
    """
    paths = task.results.get("_control_mapper_tasks")
    if not paths:
        return None
    run_id, step, _ = task.path.split("/")
    own = [f"{run_id}/{step}/{path.split('/')[2]}" for path in paths]
    if task.results.get("_control_task_is_mapper_zero"):
        own[0] = task.path
    return own


def short_value(value: object) -> str:
    """Return a foreach value as it fits the name of a task run: one short line."""
    text = str(value)[: LONGEST_VALUE + 1]
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}\u2026"
