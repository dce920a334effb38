"""The warm process: it has imported Metaflow, and forks a process for each step.

It is single-threaded, as forking a process with threads is not safe, does nothing but
fork and wait, and ends when the socket to the process that uses it does, taking all
step processes along. What every step would do alike is done before the fork, as far as
it depends on no flow. After it, a child forgets what libraries have kept of this
process's environment: the time zone, the temporary folder, random numbers.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from ..channel import Channel
from .script import end_script, print_exception, renew_standard_streams, run_script

NEW_STDIN, NEW_STDOUT, NEW_STDERR, EXIT_REPORT = range(4)


class WarmServer:
    """Starts step processes on request, and reports their process ids and exits."""

    def __init__(self, control: Channel) -> None:
        self._control = control
        self._reports: dict[int, int] = {}
        self._wakeup, self._waker = socket.socketpair()
        self._wakeup.setblocking(False)
        self._waker.setblocking(False)
        self._stops = {
            number: signal.getsignal(number)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        self._preloaded: dict[str, str] = {}

    def serve(self) -> NoReturn:
        """Serve requests until the other end closes its socket."""
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
            if control in ready:
                request, files = self._control.receive(files=4)
                if request is None:
                    self._kill_all()
                    os._exit(0)
                if "preload" in request:
                    before = dict(os.environ)
                    with self._ending_with_owner():
                        preload(request["preload"], request["folder"])
                    self._preloaded = dict(os.environ.items() - before.items())
                else:
                    self._start(request, files)

    @contextlib.contextmanager
    def _ending_with_owner(self) -> Iterator[None]:
        """End this process when its owner does, though it is not listening."""
        done, finish = socket.socketpair()
        with done, finish:
            watcher = threading.Thread(target=self._watch, args=(done,))
            watcher.start()
            try:
                yield
            finally:
                finish.close()
                watcher.join()  # before anything is forked

    def _watch(self, done: socket.socket) -> None:
        poller = select.poll()
        poller.register(self._control.fileno(), 0)  # for its end alone
        poller.register(done.fileno(), select.POLLIN)
        if self._control.fileno() in dict(poller.poll()):
            os._exit(1)

    def _start(self, request: dict[str, Any], files: list[int]) -> None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # no step that runs is to suffer from that
            os.write(files[NEW_STDERR], f"The step cannot start: {error}\n".encode())
            _report(files[EXIT_REPORT], 0)
            for descriptor in files:
                os.close(descriptor)
            return
        if pid == 0:
            self._become(request, files, parent)
        try:
            os.setpgid(pid, pid)  # in parent and child: whoever comes first
        except (PermissionError, ProcessLookupError):
            pass  # it has become another program, or has ended
        for descriptor in files[:EXIT_REPORT]:
            os.close(descriptor)
        self._reports[pid] = files[EXIT_REPORT]
        _report(files[EXIT_REPORT], pid)

    def _reap(self) -> None:
        while self._reports:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            report = self._reports.pop(pid, None)
            if report is not None:
                _report(report, os.waitstatus_to_exitcode(status))
                os.close(report)

    def _kill_all(self) -> None:
        for pid in self._reports:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _become(self, request: dict[str, Any], files: list[int], parent: int) -> None:
        """Turn this forked child into the requested process; does not return."""
        code = 1
        try:
            os.setpgid(0, 0)
            die_with(parent)
            for number, descriptor in enumerate(files[:EXIT_REPORT]):
                os.dup2(descriptor, number)
            self._control.close()
            self._wakeup.close()
            self._waker.close()
            for descriptor in (*files, *self._reports.values()):
                os.close(descriptor)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = self._run(request)
        except BaseException:  # noqa: BLE001 - told, as there is nobody to raise it to
            print_exception()
        finally:
            end_script(code)

    def _run(self, request: dict[str, Any]) -> int:
        command, environment = request["command"], request["environment"]
        os.chdir(request["folder"])
        if request["warm"]:
            for number, handler in self._stops.items():
                signal.signal(number, handler)
            os.environ.clear()
            os.environ.update({**self._preloaded, **environment})
            renew_standard_streams()
            know_environment()
            know_repository(request["repository"])
            sys.orig_argv = list(command)
            return run_script(command[1], command[2:], request["flow"])
        for name in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(name, signal.SIG_DFL)
        for number, handler in self._stops.items():
            ignored = handler is signal.SIG_IGN
            signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
        try:
            os.execvpe(command[0], command, environment)
        except OSError as error:
            os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        return 127


def _report(descriptor: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever asked does not listen any more
        os.write(descriptor, f"{number}\n".encode())


def preload(modules: Sequence[str], folder: str) -> None:
    """Import modules for all processes that are forked later.

    Args:
        modules: Their names; what cannot be imported is left to the step that needs it.
        folder: Where they are looked for first.
    """
    sys.path.insert(0, folder)
    for name in modules:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - may raise anything
            problem = f"{type(error).__name__}: {error}"
            sys.stderr.write(f"{name} could not be preloaded: {problem}\n")
            sys.stderr.flush()
    sys.path.remove(folder)
    gc.collect()
    gc.freeze()


def know_environment() -> None:
    """Have libraries see this process's own environment, and not that of the other.

    What they have kept of the environment is forgotten. numpy's random numbers would be
    the same in all steps; `random` has a hook for that itself.
    """
    time.tzset()
    tempfile.tempdir = None
    if numbers := sys.modules.get("numpy.random"):
        vars(numbers)["seed"]()


def known_repository() -> Any:
    """Return what Metaflow has found out about the git repository of the flow's file.

    It asks git up to five times, in every process anew; all steps of a run can share
    the answers.
    """
    return getattr(sys.modules.get("metaflow.metaflow_git"), "_git_info_cache", None)


def know_repository(known: Any) -> None:
    """Take over what `known_repository` returned in another process."""
    if known is not None:
        vars(sys.modules["metaflow.metaflow_git"])["_git_info_cache"] = known


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, where it can (Linux)."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
