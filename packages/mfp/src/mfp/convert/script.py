"""Load a flow's file as Python runs a script, up to where its flow would start."""

import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from metaflow import FlowSpec

from mfp.convert.loading.exchange import LoadError, Request

GUARD = "End the file with: if __name__ == '__main__': {name}()."


class _Started(SystemExit):
    """The flow's command line would begin here."""


def load_class(request: Request) -> tuple[type[Any], str]:
    """Run the file of a flow, but not the flow.

    Args:
        request: The flow; its folder becomes the first of `sys.path`, as in `python FILE`.

    Returns:
        The class, and what to know about it where the file starts another flow or none.

    Raises:
        LoadError: If the file does not define the class, or starts none and none was named.
    """
    started = _suppress_command_line(request.name)
    namespace = _become_main(request)
    ended = _run(request.path, namespace)
    if request.name is None:
        if started:
            return started[0], ""
        return _only_class(namespace, ended), ""
    for found in started:
        if found.__name__ == request.name:
            return found, ""
    chosen = namespace.get(request.name)
    if not (isinstance(chosen, type) and issubclass(chosen, FlowSpec)):
        raise LoadError(
            f"Loading the file{ended} leaves no flow named {request.name}",
            "Define the class whatever the conditions at import.",
        )
    what = started[0].__name__ if started else "no flow"
    return chosen, f"The file starts {what}. {GUARD.format(name=request.name)}"


def _suppress_command_line(wanted: str | None) -> list[type[Any]]:
    """Have flows end the script where they would start; give the list of those that did."""
    started: list[type[Any]] = []
    original = FlowSpec.__init__

    def __init__(self: Any, use_cli: bool = True) -> None:  # noqa: N807
        original(self, use_cli=False)
        if use_cli:
            started.append(type(self))
            if wanted in (None, type(self).__name__):
                raise _Started(0)

    FlowSpec.__init__ = __init__
    return started


def _become_main(request: Request) -> dict[str, Any]:
    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=request.path,
        __builtins__=sys.modules["builtins"],
        __loader__=SourceFileLoader("__main__", request.path),
        __annotations__={},
    )
    sys.modules["__main__"] = main
    sys.argv = [request.path, "prefect", "create", request.output]
    sys.path[0:1] = [str(Path(request.path).parent)]
    return main.__dict__


def _run(path: str, namespace: dict[str, Any]) -> str:
    """Execute the file; say how it ended if not by itself."""
    modules = dict(sys.modules)
    folder = os.open(".", os.O_RDONLY)
    try:
        code = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
        exec(code, namespace)  # noqa: S102  (the flow's own source)
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
    raise LoadError(
        f"The file{ended} starts no flow, and of flows it defines {names}",
        "Name one, as in FILE.py:Class." if flows else "Name a file that has a flow.",
    )
