"""Forks the Metaflow processes of runs, for commands that `warm` runs.

The file of a run starts that process by `Popen`, and it would import Metaflow first, for a third of
a second.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from socket import socketpair
from typing import Any, NoReturn

from metaflow_prefect.runtime.channel import Channel
from metaflow_prefect.runtime.early import CODE
from metaflow_prefect.runtime.host.fork_server import ForkServer, die_with
from metaflow_prefect.runtime.host.script import end_script

from support import warm


def start() -> None:
    """Start a process that forks those of Metaflow, and have `Popen` ask it."""
    parent = os.getpid()
    ours, theirs = socketpair()
    if os.fork() == 0:
        die_with(parent)
        ours.close()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1):  # which are how the process that has forked this one is asked
            os.dup2(nothing, number)
        os.close(nothing)
        _serve(Channel(theirs))
    theirs.close()
    Popen.server = Channel(ours)
    Popen.given = warm.read_at_import(os.environ)
    subprocess.Popen = Popen  # type: ignore[misc]


def _serve(control: Channel) -> NoReturn:
    from metaflow_prefect.generate.embed import embedded_runtime
    from metaflow_prefect.runtime.host import side
    from metaflow_prefect.runtime.loader import load_side

    load_side(embedded_runtime().metaflow_side)
    side._import_metaflow()
    server = ForkServer(control)
    request = server.next_child()
    server.listen_to_stops()
    warm.become(request["folder"], request["variables"])
    end_script(warm.exit_code_of(request["words"]))


class ForkedHost:
    """A forked process, with what the Prefect side uses of a `Popen`."""

    def __init__(self, server: Channel, words: Sequence[str], settings: Mapping[str, Any]) -> None:
        output, theirs = os.pipe()
        report, reported = os.pipe()
        request = {
            "words": list(words[1:]),
            "folder": str(settings.get("cwd") or os.getcwd()),  # noqa: PTH109 - as it is
            "variables": dict(settings.get("env") or os.environ),
        }
        server.send(request, [settings["stdin"], theirs, theirs, reported])
        os.close(theirs)
        os.close(reported)
        self.stdout = os.fdopen(output, "rb")
        self._report = os.fdopen(report, "rb", buffering=0)
        self.pid = int(self._report.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        if self.returncode is None and select.select([self._report], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        """Wait for the process to end, and return its exit code."""
        if self.returncode is None:
            self.returncode = int(self._report.readline() or -signal.SIGKILL)
            self._report.close()
        return self.returncode


class Popen(subprocess.Popen[Any]):
    """`subprocess.Popen`, but for the Metaflow process of a run."""

    server: Channel
    given: Mapping[str, str]

    def __new__(cls, args: Any, *_: Any, **settings: Any) -> Any:
        """Start a process."""
        is_host = args[:2] == [sys.executable, "-c"] and args[-1] == "run"
        variables = settings.get("env") or os.environ
        if is_host and args[2] in _programs() and warm.read_at_import(variables) == cls.given:
            return ForkedHost(cls.server, args, settings)
        return super().__new__(cls)


def _programs() -> tuple[str, str]:
    from metaflow_prefect.generate.embed import LOADER_COMMAND

    return CODE, LOADER_COMMAND
