"""A flow's class, from its file: run as Python runs a script, up to where its flow would start."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from metaflow import FlowSpec

from metaflow_prefect.errors import FlowProblem
from metaflow_prefect.runtime.host.script import become_script, compile_script, intercept_start

GUARD = "End the file with: if __name__ == '__main__': {name}()."


class _Started(SystemExit):
    """The flow's command line would begin here."""


def load_class(path: str, name: str | None, arguments: Sequence[str]) -> tuple[type[Any], str]:
    """Run the file of a flow, but not the flow.

    Args:
        path: The file; its folder becomes the first of `sys.path`, as in `python FILE`.
        name: The class; `None` stands for the one that the file starts.
        arguments: What follows the file on its command line.

    Returns:
        The class, and what to know about it where the file starts another flow or none.

    Raises:
        FlowProblem: The file does not define the class, or starts none and none was named.
    """
    started = _suppress_command_line(name)
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=sys.modules["builtins"], __annotations__={})
    sys.modules["__main__"] = main
    del sys.path[0]
    become_script(path, arguments)
    namespace = main.__dict__
    ended = _run(path, namespace)
    if name is None:
        if started:
            return started[0], ""
        return _only_class(namespace, ended), ""
    for found in started:
        if found.__name__ == name:
            return found, ""
    chosen = namespace.get(name)
    if not (isinstance(chosen, type) and issubclass(chosen, FlowSpec)):
        raise FlowProblem(
            f"Loading the file{ended} defines no flow named {name}.",
            "Define the class unconditionally.",
        )
    what = started[0].__name__ if started else "no flow"
    return chosen, f"The file starts {what}. {GUARD.format(name=name)}"


def _suppress_command_line(wanted: str | None) -> list[type[Any]]:
    """Have flows end the script where they would start; give the list of those that did."""
    started: list[type[Any]] = []

    def begin(flow: Any, use_cli: bool, start: Callable[[Any, bool], None]) -> None:
        start(flow, False)
        if use_cli:
            started.append(type(flow))
            if wanted in (None, type(flow).__name__):
                raise _Started(0)

    intercept_start(begin)
    return started


def _run(path: str, namespace: dict[str, Any]) -> str:
    """Execute the file; say how it ended if not by itself."""
    modules = dict(sys.modules)
    folder = os.open(".", os.O_RDONLY)
    try:
        exec(compile_script(path), namespace)  # noqa: S102  (the flow's own source)
    except SystemExit as ending:
        return "" if isinstance(ending, _Started) else f", which exits with {ending.code!r},"
    finally:
        for name, module in modules.items():
            sys.modules.setdefault(name, module)
        _go_back(folder)
    return ""


def _go_back(folder: int) -> None:
    """Return to the folder that the script was started in; it may have closed all files."""
    try:
        os.fchdir(folder)
        os.close(folder)
    except OSError:
        return


def _only_class(namespace: dict[str, Any], ended: str) -> type[Any]:
    flows = [
        value
        for value in namespace.values()
        if isinstance(value, type)
        and issubclass(value, FlowSpec)
        and value.__module__ == "__main__"
        and value is not FlowSpec
    ]
    if len(flows) == 1:
        return flows[0]
    names = ", ".join(flow.__name__ for flow in flows) or "none"
    raise FlowProblem(
        f"The file{ended} starts no flow; the flows that it defines: {names}.",
        "Name one, as in FILE.py:Class." if flows else "Name a file that has a flow.",
    )
