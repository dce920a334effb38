"""One attempt of a task, watched as Metaflow's own runtime watches it.

When a step's `@timeout` strikes, the step prints so. What it has started then gets some
seconds before it is killed, so that a step which waits for it goes on to its `@retry`
or `@catch`. Metaflow's own helpers stay, and so does the step: what it still stores is
not under the time limit.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from .launch import Launcher, StepProcess, running_processes

Line = tuple[str, str]  # the stream ("stdout", "stderr" or "system") and the text
# Seconds in which a step that has timed out can end what it has started.
TIMEOUT_GRACE = 5.0
BATCH_SECONDS = 0.05  # that a line may wait for others
BATCH_LINES = 1_000
BATCH_SIZE = 1 << 16  # characters
MOST_ON_THE_WAY = 8  # batches of a task
HELPER = b"sidecar_worker"
# How Metaflow marks a line; its own expression takes very long for some that are not.
STRUCTURED = re.compile(
    rb"(\[!)?\[MFLOG\|0\|[\d:.T-]{1,40}Z\|[^]|]{1,100}\|[^]]{1,100}\]"
)


class LogLines:
    """Collects what the attempt of this thread logs, and passes it on in batches.

    A batch is sent when it is large or has waited for a moment. There are only so many
    on the way that the other side has not dealt with; until it has, the thread waits,
    which reads no more of what its step writes, so that the step waits too.

    Args:
        send: Sends lines that belong to a request of that number.
    """

    def __init__(self, send: Callable[[int, list[Line]], None]) -> None:
        self._send = send
        self._local = threading.local()
        self._on_the_way: dict[int, int] = {}
        self._taken = threading.Condition()
        self._is_open = False

    def begin(self, request: int) -> None:
        """Collect this thread's lines from now on for the request of that number."""
        self._on_the_way[request] = 0
        self._local.request = request
        self._local.lines = []
        self._local.size = 0
        self._local.due = None
        self._local.muted = False

    def end(self) -> None:
        """Pass on what is left; the request of this thread has been dealt with."""
        self.flush()
        del self._on_the_way[self._local.request]

    def add(self, text: str, stream: str = "system") -> None:
        """Add a line; one of "stdout", "stderr" or what the runtime says itself."""
        local = self._local
        if not local.muted:
            local.due = local.due or time.monotonic() + BATCH_SECONDS
            local.lines.append((stream, text))
            local.size += len(text)

    @contextlib.contextmanager
    def muted(self) -> Iterator[None]:
        """Take no lines of this thread for a while."""
        self._local.muted = True
        try:
            yield
        finally:
            self._local.muted = False

    def left(self) -> float | None:
        """Return the seconds until lines have to be passed on; `None` without any."""
        due = self._local.due
        return None if due is None else max(0.0, due - time.monotonic())

    def keep(self) -> None:
        """Pass on what has been collected if it is time, or much."""
        local = self._local
        if (
            self.left() == 0
            or len(local.lines) >= BATCH_LINES
            or local.size > BATCH_SIZE
        ):
            self.flush()

    def flush(self) -> None:
        """Pass on what has been collected."""
        local = self._local
        if not local.lines:
            return
        request = local.request
        with self._taken:
            self._taken.wait_for(
                lambda: self._is_open or self._on_the_way[request] < MOST_ON_THE_WAY
            )
            self._on_the_way[request] += 1
        self._send(request, local.lines)
        local.lines, local.size, local.due = [], 0, None

    def taken(self, request: int) -> None:
        """Note that the other side has dealt with a batch of a request."""
        with self._taken:
            if request in self._on_the_way:
                self._on_the_way[request] -= 1
                self._taken.notify_all()

    def open(self) -> None:
        """Let nobody wait any more; the run is ending."""
        with self._taken:
            self._is_open = True
            self._taken.notify_all()

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
    mflog: Any = importlib.import_module("metaflow.mflog.mflog")
    runtime: Any = importlib.import_module("metaflow.runtime")
    worker = runtime.Worker(task, max_log_size, config_file)
    emit = worker.emit_log

    worker.limit = limit = TimeLimit(task, worker._proc)

    def emit_log(message: bytes, buffer: object, system_msg: bool = False) -> None:
        limit.read(message)
        # Metaflow strips what it prints; a traceback needs its indents.
        structured = None
        if is_marked := mflog.is_structured(message):
            structured = STRUCTURED.match(message) and mflog.parse(message)
        text = structured.msg if structured else message
        stream = "stdout" if buffer is worker._stdout else "stderr"
        lines.add(text.decode(errors="replace").rstrip(), stream)
        if structured or not is_marked:  # Metaflow keeps no line with a broken mark
            with lines.muted():
                emit(message, buffer, system_msg=system_msg)

    worker.emit_log = emit_log
    return worker


def watch(worker: Any, lines: LogLines) -> int:
    """Pass on what an attempt writes until its process has ended.

    A process that the step left behind and that holds the streams open is not waited
    for.

    Returns:
        The exit code of the attempt's process, its logs and metadata being saved.
    """
    with contextlib.closing(worker._proc) as process:
        outputs = [
            Output(process.stdout, worker._stdout, worker),
            Output(process.stderr, worker._stderr, worker),
        ]
        _read_to_end(process, outputs, worker.limit, lines)
        worker.limit.end()
        for output in outputs:
            output.drain()
        worker.limit.end()  # its last words may have told that it timed out
        code = int(worker.terminate())
        lines.flush()
    return code


def _read_to_end(
    process: StepProcess, outputs: Sequence[Output], limit: TimeLimit, lines: LogLines
) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(process.report, selectors.EVENT_READ)
        for output in outputs:
            selector.register(output.pipe, selectors.EVENT_READ, output)
        running = True
        while running:
            waits = [left for left in (limit.left(), lines.left()) if left is not None]
            for key, _ in selector.select(min(waits, default=None)):
                if key.data is None:
                    running = False
                elif not key.data.take():
                    selector.unregister(key.fileobj)
            limit.keep()
            lines.keep()


class TimeLimit:
    """Ends what a step has started when its `@timeout` strikes.

    The decorator raises an exception in the step and no more. What the step has started
    would go on; and so would the step, where it waits for that.

    Args:
        task: A `metaflow.runtime.Task`.
        process: The process of its attempt.
    """

    def __init__(self, task: Any, process: StepProcess) -> None:
        names = {decorator.name for decorator in task.decos}
        # The nodes of `@parallel` are children of the first, which has no limit itself.
        is_control = task.ubf_context == "ubf_control"
        is_here = "timeout" in names and not names & {"batch", "kubernetes"}
        self._sign = self._sign_of(task.step) if is_here and not is_control else None
        self._process = process
        self._started: set[tuple[int, str]] = set()
        self._end: float | None = None
        self._struck = False

    @staticmethod
    def _sign_of(step: str) -> re.Pattern[bytes]:
        """Return how the decorator's line begins; if that was hidden, the error's."""
        said = f"Step {re.escape(step)} timed out after \\d+ hours"
        error = r"metaflow\.plugins\.timeout_decorator\.TimeoutException: "
        return re.compile(rf"(\d{{4}}-\d\d-\d\d [\d:.]+ |{error}){said}".encode())

    def read(self, line: bytes) -> None:
        """Notice the line by which the decorator tells that it strikes."""
        if self._sign and not self._struck and self._sign.match(line):
            self._struck = True
            self._started = self._process.started()
            self._end = time.monotonic() + TIMEOUT_GRACE

    def left(self) -> float | None:
        """Return the seconds until `keep` has to be called; `None` if it has not."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def keep(self) -> None:
        """Kill what the step had started when it timed out, if its time has come."""
        if self.left() != 0:
            return
        self._end = None
        self._kill_started()

    def end(self) -> None:
        """Kill all that a step has left behind which timed out and has ended."""
        if self._struck:
            self._process.kill()
            self._kill_started(helpers=True)

    def _kill_started(self, *, helpers: bool = False) -> None:
        known = running_processes()
        for pid, began in self._started:
            if pid not in known or known[pid][2] != began:
                continue
            with contextlib.suppress(ProcessLookupError, PermissionError):
                # Metaflow's own helpers, as for heartbeats, serve the step to its end.
                if helpers or HELPER not in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)


class Output:
    """One output stream of a step's process, read by whole lines."""

    def __init__(self, pipe: BinaryIO, buffer: object, worker: Any) -> None:
        self.pipe = pipe
        self._buffer = buffer
        self._worker = worker
        self._rest: list[bytes] = []  # of a line whose end is still to come

    def take(self) -> bool:
        """Take what is there; return whether there may be more."""
        try:
            data = os.read(self.pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return False
        *complete, rest = data.split(b"\n")
        for line in complete:
            self._worker.emit_log(b"".join((*self._rest, line, b"\n")), self._buffer)
            self._rest = []
        if rest:
            self._rest.append(rest)
        return bool(data)

    def drain(self) -> None:
        """Take all that is left, without waiting for more."""
        os.set_blocking(self.pipe.fileno(), False)
        while self.take():
            pass
        if self._rest:
            self._worker.emit_log(b"".join(self._rest), self._buffer)
