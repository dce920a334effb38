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
from pathlib import Path
from typing import Any

from metaflow_prefect.runtime.early import CODE
from metaflow_prefect.runtime.host.fork_server import die_with

from support import warm, warm_client, warm_commands


def start() -> None:
    """Start a process that forks those of Metaflow, and have `Popen` ask it."""
    parent = os.getpid()
    name = f"hosts-{parent}"
    listener = warm_commands.listen(name)
    if os.fork() == 0:
        die_with(parent)
        _import_metaflow()
        warm_commands.serve(listener)
    listener.close()
    Popen.server = Path(name).resolve()
    Popen.given = warm.read_at_import(os.environ)
    subprocess.Popen = Popen  # type: ignore[misc]


def _import_metaflow() -> None:
    from metaflow_prefect.generate.embed import embedded_runtime
    from metaflow_prefect.runtime.host import side
    from metaflow_prefect.runtime.loader import load_side

    load_side(embedded_runtime().metaflow_side)
    side._import_metaflow()


class ForkedHost:
    """A forked process, with what the Prefect side uses of a `Popen`."""

    def __init__(self, server: Path, words: Sequence[str], settings: Mapping[str, Any]) -> None:
        output, theirs = os.pipe()
        connection, self._report = warm_client.ask(
            str(server),
            words[1:],
            str(settings.get("cwd") or os.getcwd()),  # noqa: PTH109 - as it is
            settings.get("env") or os.environ,
            (settings["stdin"], theirs, theirs),
            stays=True,
        )
        self.pid = int(self._report.readline())
        connection.close()
        os.close(theirs)
        self.stdout = os.fdopen(output, "rb")
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

    server: Path
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
