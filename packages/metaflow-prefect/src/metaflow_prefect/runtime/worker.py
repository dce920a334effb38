"""One attempt of a task, watched as Metaflow's own runtime watches it."""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

Line = tuple[str, str]  # the stream ("stdout", "stderr" or "system") and the text


class LogLines:
    """Collects what the attempt of this thread logs, and passes it on in batches."""

    def __init__(self, send: Callable[[int, list[Line]], None]) -> None:
        self._send = send
        self._local = threading.local()

    def begin(self, request: int) -> None:
        """Collect this thread's lines from now on for the request of that number."""
        self._local.request = request
        self._local.lines = []
        self._local.stream = "system"

    def stream(self, name: str) -> None:
        """Say what stream the lines that follow come from."""
        self._local.stream = name

    def add(self, text: str) -> None:
        """Add a line."""
        self._local.lines.append((self._local.stream, text))

    def flush(self) -> None:
        """Pass on what has been collected."""
        if self._local.lines:
            self._send(self._local.request, self._local.lines)
            self._local.lines = []

    def collecting(self) -> bool:
        """Return whether this thread runs an attempt."""
        return hasattr(self._local, "request")


class WorkersSubprocess:
    """Stands in for the `subprocess` module inside `metaflow.runtime`.

    Metaflow's `Worker` builds a step's command line and environment, decorators
    included; only the starting of it is ours.
    """

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def Popen(
        self, command: Sequence[str], env: Mapping[str, str], **_: object
    ) -> StepProcess:
        """Start a step's process."""
        return self._launcher.start(command, env)

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)


def make_worker(
    task: Any, max_log_size: int, config_file: str | None, lines: LogLines
) -> Any:
    """Start an attempt of a task.

    Args:
        task: A `metaflow.runtime.Task`.
        max_log_size: How many bytes of a stream are kept.
        config_file: The file that holds the values of the flow's configs.
        lines: Takes what the attempt writes.

    Returns:
        A `metaflow.runtime.Worker`.
    """
    from metaflow import runtime

    class StepWorker(runtime.Worker):
        """Metaflow's worker, saying which stream a line came from."""

        def emit_log(self, msg: bytes, buf: Any, system_msg: bool = False) -> None:
            """Keep a line for the task's log and pass it on."""
            lines.stream("stdout" if buf is self._stdout else "stderr")
            super().emit_log(msg, buf, system_msg=system_msg)
            lines.stream("system")

    return StepWorker(task, max_log_size, config_file)


def watch(worker: Any, lines: LogLines) -> int:
    """Pass on what an attempt writes until its process has ended.

    A process that the step left behind and that holds the streams open is not waited
    for.

    Returns:
        The exit code of the attempt's process, its logs and metadata being saved.
    """
    process: StepProcess = worker._proc
    streams = {
        process.stdout: worker._stdout,
        process.stderr: worker._stderr,
    }
    unfinished = dict.fromkeys(streams, b"")

    def take(stream: BinaryIO) -> bool:
        try:
            data = os.read(stream.fileno(), 1 << 16)
        except BlockingIOError:
            return False
        *complete, rest = (unfinished[stream] + data).split(b"\n")
        unfinished[stream] = rest
        for line in complete:
            worker.emit_log(line + b"\n", streams[stream])
        lines.flush()
        return bool(data)

    with selectors.DefaultSelector() as selector:
        for file in (process.report, *streams):
            selector.register(file, selectors.EVENT_READ)
        running = True
        while running:
            for key, _ in selector.select():
                if key.fileobj is process.report:
                    running = False
                elif not take(key.fileobj):  # type: ignore[arg-type]
                    selector.unregister(key.fileobj)
    for stream, buffer in streams.items():
        os.set_blocking(stream.fileno(), False)
        while take(stream):
            pass
        if unfinished[stream]:
            worker.emit_log(unfinished[stream], buffer)
    code = int(worker.terminate())
    lines.flush()
    process.close()
    return code
