"""Prints, as JSON, all that Metaflow's client shows of one run: `python -c SOURCE FLOW RUN`.

It runs in the folder that holds `.metaflow`, as text given to `-c`, so that neither this file's
folder nor its imports can stand in the way of the flow's own modules.
"""

import json
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from metaflow.client.core import DataArtifact, Run, Task, namespace
from metaflow.plugins.cards.card_client import get_cards

Tree = list[Any]  # [name of the type, text] or [name of the type, [Tree, ...]]


class _AnyName(type):
    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(f"{cls.__name__}.{name}")


def _stand_in(name: str) -> type:
    """A class in place of one that the flow file defines in `__main__`, for pickle to fill."""

    class StandIn(metaclass=_AnyName):
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            made = super().__new__(cls)
            made.__dict__["created with"] = [args, kwargs]
            return made

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            pass

        def __hash__(self) -> int:
            return hash(json.dumps(tree(self)))

        def __eq__(self, other: object) -> bool:
            return tree(self) == tree(other)

    StandIn.__name__ = StandIn.__qualname__ = name
    StandIn.__module__ = "__main__"
    return StandIn


def __getattr__(name: str) -> type:  # what pickle does not find in __main__
    return _stand_in(name)


def tree(value: Any, depth: int = 0) -> Tree:
    """The value as nested lists of text, the same for equal values in every process."""
    if isinstance(value, type):
        return ["class", f"{value.__module__}.{value.__qualname__}"]
    name = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    return [name, "too deep" if depth > 20 else _content(value, depth + 1)]


def _content(value: Any, depth: int) -> str | list[Any]:
    state = dict(sorted(getattr(value, "__dict__", {}).items()))
    parts: Iterable[Any]
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return [["item", [tree(key, depth), tree(one, depth)]] for key, one in value.items()]
    if isinstance(value, (set, frozenset)):  # the order of a set differs between processes
        return sorted((tree(one, depth) for one in value), key=json.dumps)
    if isinstance(value, (list, tuple)):
        parts = value
    elif isinstance(value, BaseException):
        parts = [str(value), state]
    elif state:
        parts = [state]
    else:
        return repr(value)
    return [tree(one, depth) for one in parts]


def attempt(task: Task) -> dict[str, Any]:
    """What the client shows of one attempt."""
    return {
        "artifacts": {one.id: attempted(partial(data, one)) for one in task},
        "metadata": [[one.name, one.type, str(one.value)] for one in task.metadata],
        "stdout": text(task, "stdout"),
        "stderr": text(task, "stderr"),
        "successful": task.successful,
        "finished": task.finished,
        "exception": tree(task.exception),
    }


def text(task: Task, stream: str) -> str:
    """The log, which the client cannot give as text if a step wrote what is not UTF-8."""
    lines = (line for _, line in task.loglines(stream, as_unicode=False))
    # a task without a log, as `_parameters`, has one line, which is text
    return "".join(
        f"{line if isinstance(line, str) else line.decode('utf-8', 'backslashreplace')}\n"
        for line in lines
    )


def data(artifact: DataArtifact) -> Tree:
    """The value of an artifact."""
    return tree(artifact.data)


def attempted(look: Callable[[], Any]) -> Any:
    """What `look` gives; or the name of its error, for a task that left too little behind."""
    try:
        return look()
    except Exception as error:  # noqa: BLE001 - whatever it is, both runs must show the same
        return ["error", type(error).__name__]


def frames(task: Task) -> list[list[str]]:
    """The foreach stack: for each frame its step, variable, number of splits, index, value."""
    return [[str(one) for one in frame] for frame in task["_foreach_stack"].data]


def whole_task(task: Task) -> dict[str, Any]:
    """What the client shows of a task over all its attempts."""
    return {
        "step": task.path_components[2],
        "id": task.id,
        "foreach_stack": attempted(lambda: frames(task)),
        "iteration_stack": attempted(lambda: list(task["_iteration_stack"].data)),
        "index": attempted(lambda: task.index),
        "parents": attempted(lambda: [one.pathspec for one in task.parent_tasks]),
        "children": attempted(lambda: [one.pathspec for one in task.child_tasks]),
        "user_tags": sorted(task.user_tags),
        "system_tags": sorted(task.system_tags),
        "origin": task.origin_pathspec,
        "runtime_name": task.runtime_name,
        "finished_at": task.finished_at is not None,
        "code": task.code is not None,
        "cards": attempted(lambda: sorted([str(one.type), str(one.id)] for one in get_cards(task))),
        "current_attempt": task.current_attempt,
        "attempts": [
            attempt(Task(task.pathspec, attempt=number))
            for number in range(task.current_attempt + 1)
        ],
    }


def whole_run(run: Run) -> dict[str, Any]:
    """What the client shows of the run."""
    steps = ["_parameters", *sorted(step.id for step in run)]
    return {
        "successful": run.successful,
        "finished": run.finished,
        "finished_at": run.finished_at is not None,
        "user_tags": sorted(run.user_tags),
        "system_tags": sorted(run.system_tags),
        "end_task": attempted(lambda: run.end_task and run.end_task.pathspec),
        "code": run.code is not None,
        "tasks": [whole_task(task) for step in steps for task in run[step]],
    }


def main(flow: str, run: str) -> None:
    """Write the JSON to stdout."""
    namespace(None)
    setattr(Task, "_iter_filter", lambda *_: True)  # noqa: B010 - private artifacts too
    json.dump(whole_run(Run(f"{flow}/{run}")), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
