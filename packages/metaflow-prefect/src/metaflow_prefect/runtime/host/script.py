"""Run a Python script in this process as `python script.py arguments` would."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import io
import os
import signal
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, NoReturn

from .triggers import know_triggers

LARGEST = 2**63  # the interpreter takes an exit code for a C long
UNBUFFERED = 2  # _IONBF of the C library, on Linux
USAGE_CODE = 2  # of what makes no sense as it was called
NO_FLOW = (
    "There is no flow {} in {}. Make the Prefect file again from the one it is in.\n"
)


class StartAnew(BaseException):
    """The flow's file has changed what Metaflow reads when it is imported."""


def run_script(
    script: str,
    arguments: Sequence[str],
    flow: str | None = None,
    before: Callable[[type], None] = lambda _: None,
    report: Callable[[BaseException], None] = lambda _: None,
) -> int:
    """Run a script as `__main__`, with its folder first on `sys.path`.

    The real `__main__` is used, not a fresh module: Metaflow leaves named tuples on
    the `__main__` that imported it, and pickles against them.

    Args:
        script: The path of the script.
        arguments: What follows the script on its command line.
        flow: The class of the flow that is meant. A file may hold several, and may
            start another one, or none; then this one is started all the same.
        before: Called with the flow's class when it is about to start.
        report: Called with the exception that has ended the script, if one has.

    Returns:
        The exit code that the interpreter would have ended with; minus the number of
        a signal where it would have died of one.

    Raises:
        StartAnew: `before` has raised it.
    """
    become_script(script, arguments)
    return _exit_code_of(sys.modules["__main__"].__dict__, script, flow, before, report)


def become_script(script: str, arguments: Sequence[str]) -> None:
    """Give `__main__`, `sys.argv` and `sys.path` what they have as a script begins.

    Args:
        script: The path of the script.
        arguments: What follows the script on its command line.
    """
    main = sys.modules["__main__"]
    main.__dict__.update(
        __name__="__main__",
        __file__=script,
        __doc__=None,
        __package__=None,
        __spec__=None,
        __cached__=None,
        __loader__=SourceFileLoader("__main__", script),
    )
    # Python notes there that our loader leaves the closing of its file to it.
    main.__dict__.pop("__warningregistry__", None)
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).resolve().parent))


def _exit_code_of(
    namespace: dict[str, Any],
    script: str,
    flow: str | None,
    before: Callable[[type], None],
    report: Callable[[BaseException], None],
) -> int:
    try:
        if flow is not None:
            _start_only(flow, before)
        exec(compile_script(script), namespace)  # noqa: S102 - the flow's own source
        if flow is not None:
            FlowStart.by_itself = False
            if flow not in namespace:
                sys.stderr.write(NO_FLOW.format(flow, script))
                return USAGE_CODE
            namespace[flow]()
    except SystemExit as ending:
        if ending.code == 1 and ending.__context__:  # reported by Metaflow's command
            report(ending.__context__)
        return code_of_ending(ending)
    except StartAnew:
        raise
    except KeyboardInterrupt:
        print_exception()
        return -signal.SIGINT
    except BaseException as error:  # noqa: BLE001 - reported as the interpreter does
        report(error)
        print_exception()
        return 1
    return 0


class FlowStart:
    """The flow that is meant, and whether the script starts it by itself."""

    by_itself = True
    flow: Any = None


def _start_only(flow: str, before: Callable[[type], None]) -> None:
    """Let no flow but this one take the command line."""
    commands = sys.modules.get("metaflow.cli")

    def begin(self: Any, use_cli: bool, start: Callable[[Any, bool], None]) -> None:
        if use_cli and type(self).__name__ != flow:
            FlowStart.by_itself = False
            return
        before(type(self))
        know_triggers()
        if use_cli:
            FlowStart.flow = self
        if use_cli and commands is not None:
            give_options_of(type(self), commands)
        start(self, use_cli)

    intercept_start(begin)


def intercept_start(
    begin: Callable[[Any, bool, Callable[[Any, bool], None]], None],
) -> None:
    """Have a flow's instance begin as wanted: Metaflow's command line starts with it.

    Args:
        begin: Takes the instance, whether its command line is to start, and what
            Metaflow does.
    """
    flowspec: Any = importlib.import_module("metaflow.flowspec")
    start = flowspec.FlowSpec.__init__

    def begun(self: Any, use_cli: bool = True) -> None:
        begin(self, use_cli, start)

    flowspec.FlowSpec.__init__ = begun


def give_options_of(flow: type, commands: Any) -> None:
    """Give Metaflow's top-level command what it would have if it were imported now.

    Natively it is imported when a flow starts, and its own decorators give it the
    options of this flow's configs and decorators. Before a flow is known they leave it
    as it is.

    Args:
        flow: The class of the flow.
        commands: `metaflow.cli`, imported before the flow was known.
    """
    parameters: Any = importlib.import_module("metaflow.parameters")
    with parameters.flow_context(flow):
        command = commands.config_options(commands.start)
        commands.start = commands.decorators.add_decorator_options(command)


def compile_script(script: str) -> CodeType:
    """Compile a script from its bytes, so that its own encoding line counts."""
    return compile(Path(script).read_bytes(), script, "exec", dont_inherit=True)


def code_of_ending(ending: SystemExit) -> int:
    """Return the exit code that the interpreter ends with, and write what it writes.

    Args:
        ending: What a script has ended with.
    """
    if ending.code is None:
        return 0
    if isinstance(ending.code, int):
        fits = -LARGEST <= ending.code < LARGEST
        return ending.code & 0xFF if fits else 255
    sys.stderr.write(f"{ending.code}\n")
    return 1


def print_exception() -> None:
    """Report the exception as the interpreter does, this module's frames left out."""
    kind, error, trace = sys.exc_info()
    while trace is not None and trace.tb_frame.f_globals is globals():
        trace = trace.tb_next
    assert kind is not None and error is not None
    sys.excepthook(kind, error.with_traceback(trace), trace)


def cause_of(error: BaseException) -> str:
    """Return in one line what has failed, and in which line of the user's own code.

    Args:
        error: What a script has ended with.
    """
    if hasattr(error, "headline"):
        return told_by_metaflow(error)
    text = "".join(traceback.format_exception_only(type(error), error)).splitlines()[-1]
    place = ""
    if (
        isinstance(error, SyntaxError)
        and error.filename
        and not _is_of_library(error.filename)
    ):
        place = _place(error.filename, error.lineno or 0)
    for frame, line in () if place else traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if frame.f_globals is not globals() and not _is_of_library(file):
            place = _place(file, line)
    return " ".join(f"{place}{text}".split())


def told_by_metaflow(error: Any) -> str:
    """Return in one line what an exception of Metaflow's own says, and of which line.

    Args:
        error: The exception, whose message may begin with its headline.
    """
    place = f" (line {error.line_no})" if getattr(error, "line_no", None) else ""
    text = str(error.message)
    link = "" if text.startswith(error.headline) else ": "
    rest = text.removeprefix(error.headline)
    return " ".join(f"{error.headline}{place}{link}{rest}".replace("*", "").split())


def _place(file: str, line: int) -> str:
    path = Path(file)
    with contextlib.suppress(ValueError):
        path = path.resolve().relative_to(Path.cwd())
    return f"{path}, line {line}: "


def _is_of_library(file: str) -> bool:
    folders = (sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
    return file.startswith(("<", *folders))


@cache
def c_library() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None)


def renew_standard_streams() -> None:
    """Make `sys.stdin`, `sys.stdout` and `sys.stderr` anew over descriptors 0 to 2.

    Output is unbuffered, as `PYTHONUNBUFFERED` makes it in Metaflow's own steps, and so
    is the C library's.
    """
    library = c_library()
    if sys.platform == "linux":
        output = ctypes.c_void_p.in_dll(library, "stdout")
        library.setvbuf(output, None, UNBUFFERED, ctypes.c_size_t(0))
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        mode = "w" if descriptor else "r"
        raw: Any = io.FileIO(descriptor, mode, closefd=False)
        raw.name = f"<{name}>"
        stream: Any = io.TextIOWrapper(
            raw if descriptor else io.BufferedReader(raw),
            encoding=old.encoding,
            errors=old.errors,
            newline="\n" if descriptor else None,
            write_through=bool(descriptor),
        )
        stream.mode = mode
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def end_script(code: int) -> NoReturn:
    """End this process after its script as the interpreter does, but for modules.

    What the script's names hold is let go of, so that it is finalized, and what files
    hold back is written. To take all modules apart would cost more than a short step.

    Args:
        code: The exit code; minus the number of the signal to die of.
    """
    try:
        _end_threads()
        if threading.active_count() == 1:  # what daemon threads use must stay
            _let_go(sys.modules["__main__"].__dict__)
            gc.collect()
            _flush_files()
        c_library().fflush(None)
    finally:
        _leave(code)


def end_process(code: int) -> NoReturn:
    """End this process as the interpreter does, without taking anything apart.

    Args:
        code: The exit code; minus the number of the signal to die of.
    """
    try:
        _end_threads()
    finally:
        _leave(code)


def _end_threads() -> None:
    """Wait for threads and run exit handlers, in the order of `multiprocessing`."""
    vars(threading)["_shutdown"]()
    atexit._run_exitfuncs()


def _let_go(names: dict[str, Any]) -> None:
    """Forget what names stand for, in the order in which the interpreter does."""
    private = [name for name in names if name[:1] == "_" and name[:2] != "__"]
    for name in (*private, *(name for name in names if name not in private)):
        if name != "__builtins__":
            names[name] = None


def _flush_files() -> None:
    """Write what open files hold back: those that this process has opened itself."""
    for held in gc.get_objects():  # a forked process's legacy is frozen, so not here
        if issubclass(type(held), (io.TextIOWrapper, io.BufferedWriter)):
            with contextlib.suppress(OSError, ValueError):
                held.flush()


def _leave(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        if stream is None or stream.closed:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 120  # what the interpreter does where it cannot flush
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
