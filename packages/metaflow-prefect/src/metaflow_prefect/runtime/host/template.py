"""A process that has run a flow's file, and forks when a step would begin.

What Metaflow does until then is the same for each task of a run: it makes the flow's
graph, its decorators and its datastore. So it is done once. Then the process waits, in
the midst of Metaflow's `step` command, and for each task forks a process that goes on
from there with the arguments of that task.

This is done for files only of which nobody can tell that they have been run once: their
source shows it beforehand (`definitions`), and what the process has become is looked at
when it has run them.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..channel import Channel
from .definitions import check_definitions
from .fork_server import ForkServer
from .inherited import know_environment, know_repository
from .script import end_script, print_exception, renew_standard_streams, run_script

LONGEST_START = 30.0  # seconds; it does what the steps before it have done in less


class TemplateProcess(ForkServer):
    """Runs a flow's file up to its step, then forks a process for each request.

    Args:
        control: The socket to the process that uses this one.
        request: The request for a step whose command is run up to there.
    """

    def __init__(self, control: Channel, request: dict[str, Any]) -> None:
        super().__init__(control)
        self._request = request
        self._step: Any = sys.modules["metaflow.cli_components.step_cmd"].step
        self._callback = self._step.callback
        self._output = -1
        self._files: set[str] = set()
        self._is_step = False

    def run(self) -> NoReturn:
        """Serve requests, if the flow's file allows it, until the other end closes."""
        code = 1
        try:
            self._renew_streams()
            command, flow = self._request["command"], self._request["flow"]
            source = Path(command[1])
            folder = str(source.resolve().parent)
            check_definitions(source.read_bytes(), flow, folder)
            self._step.callback = self._wait
            self._files = _names_in("fd")
            code = run_script(command[1], command[2:], flow)
        except BaseException:  # noqa: BLE001 - told, as there is nobody to raise it to
            if self._is_step:
                print_exception()
        finally:
            if self._is_step:
                end_script(code)
            os._exit(0)  # each step does for itself what cannot be done for all

    def _renew_streams(self) -> None:
        """Have streams like those of a step, and notice what is written to them."""
        self._output, written = os.pipe()
        os.set_blocking(written, False)
        for number in (1, 2):
            os.dup2(written, number)
        os.close(written)
        renew_standard_streams()

    def _wait(self, *_: Any, **__: Any) -> Any:
        """Stand for Metaflow's `step` command: do in forked processes what it does."""
        click: Any = importlib.import_module("metaflow._vendor.click")
        context = click.get_current_context()
        if not self._is_untouched(context.obj):
            os._exit(0)
        os.close(self._output)
        self._control.send({"ready": True})
        request = self.next_child()

        self._is_step = True
        self._step.callback = self._callback
        self.listen_to_stops()
        continue_as(request)
        words = request["command"][request["shared"] + 1 :]
        with self._step.make_context("step", words, parent=context.parent) as own:
            return self._step.invoke(own)

    def _is_untouched(self, state: Any) -> bool:
        """Return whether running the file has left nothing that a fork would share."""
        flow = state.flow
        decorators = [deco for step in flow for deco in step.decorators]
        for named in flow._flow_decorators.values():
            decorators += named
        return (
            not select.select([self._output], [], [], 0)[0]
            and not has_children()
            and len(_names_in("task")) == 1
            and _names_in("fd") == self._files
            and all(type(one).__module__.startswith("metaflow.") for one in decorators)
        )


class Template:
    """The other end of a template process.

    Args:
        path: The flow's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = file_identity(path)
        self._pid = 0
        self._channel: Channel | None = None

    def begin(self, pid: int, channel: Channel) -> None:
        """Wait until it is known whether the process serves, and end it if not.

        Args:
            pid: Its id.
            channel: The socket to it.
        """
        self._pid, self._channel = pid, channel
        ready, _, _ = select.select([channel.fileno()], [], [], LONGEST_START)
        if not ready or channel.receive()[0] is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.end()

    def take(self, request: dict[str, Any], files: Sequence[int]) -> bool:
        """Have it fork a process; return whether it will."""
        if self._channel is None:
            return False
        if file_identity(self._path) != self._file:
            return False  # a step would run the file as it is now
        names = ("command", "shared", "repository")
        try:
            self._channel.send({name: request[name] for name in names}, files)
        except OSError:
            return False
        return True

    def drop(self) -> None:
        """Close a forked process's copy of the socket."""
        if self._channel is not None:
            self._channel.close()

    def end(self) -> None:
        """End the process and all of its steps."""
        if self._channel is None:
            return
        self._channel.end()
        self._channel.close()
        self._channel = None
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def continue_as(request: dict[str, Any]) -> None:
    """Have this process be the one of a step, as far as it can know it."""
    command = request["command"]
    sys.argv[1:] = command[2:]
    sys.orig_argv = list(command)
    know_environment()
    know_repository(request["repository"])


def has_children() -> bool:
    """Return whether this process has started another one."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def _names_in(folder: str) -> set[str]:
    """Return what the system lists of this process: its threads, its open files."""
    return {entry.name for entry in Path("/proc/self", folder).iterdir()}


def file_identity(path: Path) -> tuple[int, ...]:
    """Return what changes when somebody writes a file; nothing if there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
