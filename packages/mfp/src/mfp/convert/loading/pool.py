"""Fork a process for each flow, a few at a time, and let none of them harm the run."""

import gc
import os
import selectors
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mfp.convert.loading.child import run_child, warm_up
from mfp.convert.loading.exchange import Reply, Request, read_reply

KEPT = 64 * 1024
SHOWN = 300


@dataclass(slots=True)
class _Child:
    """A process that loads a flow."""

    number: int
    process: int
    output: int
    answer: Path
    deadline: float
    printed: bytearray = field(default_factory=bytearray)

    def drain(self) -> bool:
        """Take what the flow has printed, and keep the end of it; say whether more can come."""
        try:
            data = os.read(self.output, KEPT)
        except BlockingIOError:
            return True
        self.printed += data
        del self.printed[:-KEPT]
        return bool(data)

    def kill(self) -> None:
        """End the process and wait for its end."""
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        with suppress(ChildProcessError):  # it has been waited for already
            os.waitpid(self.process, 0)

    def kill_group(self) -> None:
        """End what the process has started and left behind."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process, signal.SIGKILL)


class Pool:
    """Converts flows in parallel.

    Args:
        jobs: How many processes may load flows at once.
        timeout: How many seconds one of them has.
    """

    def __init__(self, jobs: int, timeout: float) -> None:
        self.jobs = jobs
        self.timeout = timeout
        self._children: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()

    def convert(self, requests: Sequence[Request], done: Callable[[int, Reply], None]) -> None:
        """Convert flows.

        Args:
            requests: The flows.
            done: Called with the place of each of them as it is ready, and the reply.
        """
        waiting = iter(enumerate(requests))
        warm_up()
        gc.freeze()  # until the command ends: the children share what nobody touches
        with tempfile.TemporaryDirectory(prefix="mfp-") as folder, self._woken():
            try:
                while self._fill(waiting, Path(folder)):
                    self._wait()
                    for child, reply in self._ended():
                        done(child.number, reply)
            finally:
                for child in self._children.values():
                    child.kill_group()
                    child.kill()
                    os.close(child.output)
                self._children.clear()

    @contextmanager
    def _woken(self) -> Iterator[None]:
        """Have the end of a process end the wait for its output."""
        ours, theirs = socket.socketpair()
        for one in (ours, theirs):
            one.setblocking(False)
        before = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        self._selector.register(ours, selectors.EVENT_READ)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, before)
            self._selector.close()
            ours.close()
            theirs.close()

    def _fill(self, waiting: Iterator[tuple[int, Request]], folder: Path) -> bool:
        """Start processes where there is room; say whether any is at work."""
        while len(self._children) < self.jobs:
            entry = next(waiting, None)
            if entry is None:
                break
            self._start(*entry, folder)
        return bool(self._children)

    def _start(self, number: int, request: Request, folder: Path) -> None:
        reader, writer = os.pipe()
        answer = folder / str(number)
        process = os.fork()
        if process == 0:
            run_child(request, answer, writer)
        os.close(writer)
        os.set_blocking(reader, False)
        self._selector.register(reader, selectors.EVENT_READ, process)
        deadline = time.monotonic() + self.timeout
        self._children[process] = _Child(number, process, reader, answer, deadline)

    def _wait(self) -> None:
        nearest = min(child.deadline for child in self._children.values())
        for key, _ in self._selector.select(max(0.0, nearest - time.monotonic())):
            child = self._children.get(key.data) if key.data else None
            if child is not None:
                if not child.drain():
                    self._selector.unregister(child.output)
            elif isinstance(key.fileobj, socket.socket):
                with suppress(BlockingIOError):
                    key.fileobj.recv(4096)

    def _ended(self) -> list[tuple[_Child, Reply]]:
        ended = []
        now = time.monotonic()
        for child in list(self._children.values()):
            process, status = os.waitpid(child.process, os.WNOHANG)
            if process:
                reply = _reply(child, status)
            elif now >= child.deadline:
                child.kill()
                reply = _too_slow(child, self.timeout)
            else:
                continue
            child.kill_group()
            del self._children[child.process]
            with suppress(KeyError):
                self._selector.unregister(child.output)
            os.close(child.output)
            ended.append((child, reply))
        return ended


def _reply(child: _Child, status: int) -> Reply:
    with suppress(OSError, ValueError):
        reply = read_reply(child.answer.read_bytes())
        child.answer.unlink()
        return reply
    code = os.waitstatus_to_exitcode(status)
    how = f"was killed by {_signal_name(-code)}" if code < 0 else f"exited with {code}"
    return Reply(
        error=f"The process {how} while it loaded the file{_said(child)}",
        remedy="Move the code that ends the process out of the module's top level.",
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal between the first and the last
        return f"signal {number}"


def _too_slow(child: _Child, timeout: float) -> Reply:
    return Reply(
        error=f"Loading the file took more than {timeout:g} s{_said(child)}",
        remedy="Move slow work out of the module's top level, or allow more time with --timeout.",
    )


def _said(child: _Child) -> str:
    """Quote the last line that the flow printed."""
    child.drain()
    lines = child.printed.decode("utf-8", "backslashreplace").strip().splitlines()
    return f"; it printed last: {lines[-1][-SHOWN:]}" if lines else ""
