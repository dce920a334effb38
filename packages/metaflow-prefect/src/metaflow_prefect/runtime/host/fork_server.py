"""A process that forks another one for each request, and does nothing else.

It is single-threaded, as forking a process with threads is not safe, and ends when the
socket to the process that uses it does, taking all that it has forked along.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

from ..channel import Channel
from .script import c_library

NEW_STDIN, NEW_STDOUT, NEW_STDERR, EXIT_REPORT = range(4)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ForkServer:
    """Starts processes on request, and reports their process ids and exits.

    Args:
        control: The socket to the process that uses this one.
    """

    def __init__(self, control: Channel) -> None:
        self._control = control
        self._reports: dict[int, int] = {}
        self._wakeup, self._waker = socket.socketpair()
        self._wakeup.setblocking(False)
        self._waker.setblocking(False)
        self._stops = {number: signal.getsignal(number) for number in STOP_SIGNALS}
        c_library()  # for all that are forked

    def next_child(self) -> dict[str, Any]:
        """Serve requests until the other end closes its socket; then end this process.

        Returns:
            In each forked process, the request that it was forked for.
        """
        # Ctrl-C, and a worker that cancels a run, reach the whole group; stopping is
        # the owner's business. This process must live to end what steps have started.
        for number in self._stops:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        gc.collect()
        gc.freeze()
        while True:
            control, wakeup = self._control.fileno(), self._wakeup.fileno()
            ready, _, _ = select.select([control, wakeup], [], [])
            if wakeup in ready:
                self._wakeup.recv(4096)
                self._reap()
            if control in ready and (request := self._serve()):
                return request

    def _serve(self) -> dict[str, Any] | None:
        """Serve a request; in the process that is forked for it, return it."""
        received, files = self._control.receive(files=4)
        request: dict[str, Any] | None = received
        if request is None:
            self.end()
            return None
        if not files:
            self.tell(request)
        elif not self.pass_on(request, files):
            parent = os.getpid()
            if self._fork(files) == 0:
                self.part_from(parent, files)
                return request
        for descriptor in files:
            if descriptor not in self._reports.values():
                os.close(descriptor)
        return None

    def tell(self, message: dict[str, Any]) -> None:
        """Take a message that asks for no process."""

    def pass_on(self, _request: dict[str, Any], _files: Sequence[int]) -> bool:
        """Have somebody else serve a request, and return whether there is anybody."""
        return False

    def _fork(self, files: Sequence[int]) -> int:
        report = files[EXIT_REPORT]
        try:
            pid = os.fork()
        except OSError as error:  # no step that runs is to suffer from that
            os.write(files[NEW_STDERR], f"The step cannot start: {error}\n".encode())
            _report(report, 0)
            return -1
        if pid:
            with contextlib.suppress(PermissionError, ProcessLookupError):
                # In parent and child, whoever comes first: it may have become another
                # program by now, or have ended.
                os.setpgid(pid, pid)
            self._reports[pid] = report
            _report(report, pid)
        return pid

    def part_from(self, parent: int, files: Sequence[int]) -> None:
        """Make a forked process one of its own.

        Args:
            parent: The process that has forked it, with which it is to end.
            files: Its standard streams, and what is to be reported to.
        """
        os.setpgid(0, 0)
        die_with(parent)
        self.let_go()
        for number, descriptor in enumerate(files[:EXIT_REPORT]):
            os.dup2(descriptor, number)
        for descriptor in files:
            os.close(descriptor)

    def let_go(self) -> None:
        """Have a forked process hold nothing of this one's own."""
        self._control.close()
        self._wakeup.close()
        self._waker.close()
        for descriptor in self._reports.values():
            os.close(descriptor)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def listen_to_stops(self) -> None:
        """Have a forked process take signals as the user of this one would."""
        for number, handler in self._stops.items():
            signal.signal(number, handler)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):  # there is none
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                report = self._reports.pop(pid, None)
                if report is not None:
                    _report(report, os.waitstatus_to_exitcode(status))
                    os.close(report)

    def end(self) -> None:
        """End this process, and all that those have started which it has forked."""
        for pid in self._reports:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        os._exit(0)


def _report(descriptor: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever asked does not listen any more
        os.write(descriptor, f"{number}\n".encode())


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, where it can (Linux)."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        c_library().prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
