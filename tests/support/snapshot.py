"""What Metaflow's client shows of a run, in a form that two runs can be compared by."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.case import Case
from support.normalise import Normaliser
from support.run import Result, environment, python

PROBE = Path(__file__).with_name("probe.py")


@dataclass(frozen=True)
class Snapshot:
    """Facts about a run, each under a readable name.

    Attributes:
        facts: For names such as "body[1]: attempt 0: artifact x" what was found.
    """

    facts: Mapping[str, str]


def snapshot(folder: Path, case: Case, run_id: str) -> Snapshot:
    """Read a run through Metaflow's client, in another process.

    Args:
        folder: The folder that holds `.metaflow`.
        case: What was run.
        run_id: Metaflow's id of the run.

    Raises:
        RuntimeError: The client could not read the run.
    """
    words = ("-c", PROBE.read_text(encoding="utf-8"), case.flow, run_id)
    done = python(*words, folder=folder, variables=environment(case, folder))
    if done.returncode:
        raise RuntimeError(f"cannot read {case.flow}/{run_id} in {folder}:\n{done.stderr}")
    return Snapshot(dict(_run_facts(json.loads(done.stdout), folder, run_id)))


def snapshot_of(result: Result) -> Snapshot:
    """The snapshot of a result's run, with the exit and the files that the case names.

    The exit is only told as success or failure.
    """
    facts = {"command: succeeded": str(result.code == 0)}
    for name in result.case.writes:
        path = result.folder / name
        facts[f"file {name}"] = path.read_text(encoding="utf-8") if path.exists() else "missing"
    if result.run_id is not None:
        facts |= snapshot(result.folder, result.case, result.run_id).facts
    return Snapshot(facts)


def _run_facts(run: dict[str, Any], folder: Path, run_id: str) -> Iterator[tuple[str, str]]:
    tasks = run.pop("tasks")
    keys = _keys(tasks)
    normaliser = Normaliser(folder=folder, run_id=run_id, keys=keys)
    for name, value in run.items():
        yield f"run: {name}", normaliser.value(value)
    for task in tasks:
        key = keys[f"{task['step']}/{task['id']}"]
        for name, value in _task_facts(task, normaliser):
            yield f"{key}: {name}", value


def _keys(tasks: list[dict[str, Any]]) -> dict[str, str]:
    """For each "step/task id" the step's name with its indices in foreaches and loops."""
    taken: Counter[str] = Counter()
    keys = {}
    for task in sorted(tasks, key=lambda one: [one["step"], len(one["id"]), one["id"]]):
        key = task["step"]
        if indices := _foreach_indices(task):
            key += f"[{','.join(indices)}]"
        if _is_stack(task["iteration_stack"]):
            key += "".join(f" round {number}" for number in task["iteration_stack"])
        taken[key] += 1
        if taken[key] > 1:  # left too little behind to be told apart, as when it was killed
            key += f" again {taken[key]}"
        keys[f"{task['step']}/{task['id']}"] = key
    return keys


def _foreach_indices(task: dict[str, Any]) -> list[str]:
    if _is_stack(task["foreach_stack"]):
        return [frame[3] for frame in task["foreach_stack"]]
    paths = [
        value
        for attempt in task["attempts"]
        for name, _, value in attempt["metadata"]
        if name == "foreach-execution-path"
    ]
    return [frame.rpartition(":")[2] for frame in paths[0].split(",")] if paths else []


def _is_stack(value: list[Any]) -> bool:
    return value[:1] != ["error"]


def _task_facts(task: dict[str, Any], normaliser: Normaliser) -> Iterator[tuple[str, str]]:
    attempts = task.pop("attempts")
    del task["id"], task["step"]
    for name in ("parents", "children"):
        if _is_stack(task[name]):  # the client lists them in the order of folders on disk
            task[name] = sorted(map(normaliser.text, task[name]))
    for name, value in task.items():
        yield name, normaliser.value(value)
    for number, attempt in enumerate(attempts):
        for name, value in _attempt_facts(attempt, normaliser):
            yield f"attempt {number}: {name}", value


def _attempt_facts(attempt: dict[str, Any], normaliser: Normaliser) -> Iterator[tuple[str, str]]:
    for name, tree in attempt.pop("artifacts").items():
        yield f"artifact {name}", normaliser.value(tree)
    # Metaflow registers some fields twice in an attempt, and keeps one if that happens within a
    # millisecond: so what counts is which values a field has, not how often.
    values: dict[str, set[str]] = {}
    for name, kind, value in attempt.pop("metadata"):
        if kind == "card-info":  # named by an id made at random
            values.setdefault(kind, set()).add(value.replace(name, "<id>"))
        else:
            values.setdefault(name, set()).add(f"{kind} {normaliser.text(value)!r}")
    for name, found in values.items():
        yield f"metadata {name}", ", ".join(sorted(found))
    for name in ("stdout", "stderr"):
        yield name, normaliser.value(attempt.pop(name))
    for name, value in attempt.items():
        yield name, normaliser.value(value)
