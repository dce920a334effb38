"""The warm process: it has imported Metaflow, and forks a process for each step.

What every step would do alike is done before the fork, as far as it depends on no flow;
where all steps of a run begin alike, a template process does the rest, too.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..channel import Channel
from .fork_server import NEW_STDIN, ForkServer
from .inherited import know_environment, know_repository
from .script import end_script, print_exception, renew_standard_streams, run_script
from .template import Template, TemplateProcess

TEMPLATE_VARIABLE = "METAFLOW_PREFECT_TEMPLATE_FROM"
TEMPLATE_FROM = 3  # from how many steps on that begin alike they have a template
MOST_KINDS = 8  # of steps that have one


class WarmServer(ForkServer):
    """Starts the processes of steps.

    Args:
        control: The socket to the process that uses this one.
    """

    def __init__(self, control: Channel) -> None:
        super().__init__(control)
        self._preloaded: dict[str, str] = {}
        chosen = os.environ.get(TEMPLATE_VARIABLE, "")  # by our tests
        self._worth = int(chosen) if chosen.isdecimal() else TEMPLATE_FROM
        self._alike: dict[int, int] = {}
        self._templates: dict[int, Template] = {}

    def serve(self) -> NoReturn:
        """Serve requests until the other end closes its socket."""
        code = 1
        try:
            code = self._run(self.next_child())
        except BaseException:  # noqa: BLE001 - told, as there is nobody to raise it to
            print_exception()
        finally:
            end_script(code)

    def tell(self, message: dict[str, Any]) -> None:
        """Import the modules of a message before anything is forked."""
        before = dict(os.environ)
        with self._ending_with_owner():
            preload(message["preload"], message["folder"])
        self._preloaded = dict(os.environ.items() - before.items())

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

    def _run(self, request: dict[str, Any]) -> int:
        command = request["command"]
        if request["warm"]:
            self._enter(request)
            renew_standard_streams()
            return run_script(command[1], command[2:], request["flow"])
        os.chdir(request["folder"])
        for name in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(name, signal.SIG_DFL)
        for number, handler in self._stops.items():
            ignored = handler is signal.SIG_IGN
            signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
        try:
            os.execvpe(command[0], command, request["environment"])
        except OSError as error:
            os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        return 127

    def _enter(self, request: dict[str, Any]) -> None:
        """Take over the folder and the environment of a step."""
        os.chdir(request["folder"])
        self.listen_to_stops()
        os.environ.clear()
        os.environ.update({**self._preloaded, **request["environment"]})
        know_environment()
        know_repository(request["repository"])
        sys.orig_argv = list(request["command"])

    # -- templates ------------------------------------------------------------------

    def pass_on(self, request: dict[str, Any], files: Sequence[int]) -> bool:
        """Have a template process serve a request, if there is one for it."""
        if not request["warm"] or not request["shared"] or not self._worth:
            return False
        kind = _kind_of(request)
        if kind not in self._templates:
            self._alike[kind] = self._alike.get(kind, 0) + 1
            if self._alike[kind] < self._worth or len(self._templates) == MOST_KINDS:
                return False
            self._templates[kind] = self._make_template(request, files)
        return self._templates[kind].take(request, files)

    def _make_template(self, request: dict[str, Any], files: Sequence[int]) -> Template:
        template = Template(Path(request["folder"], request["command"][1]))
        ours, theirs = socket.socketpair()
        try:
            pid = os.fork()
        except OSError:  # no step that runs is to suffer from that
            ours.close()
            theirs.close()
            return template
        if pid == 0:
            ours.close()
            os.dup2(files[NEW_STDIN], NEW_STDIN)
            for descriptor in files:
                os.close(descriptor)
            self.let_go()
            self._enter(request)
            TemplateProcess(Channel(theirs), request).run()
        theirs.close()
        template.begin(pid, Channel(ours))
        return template

    def let_go(self) -> None:
        """Have a forked process hold nothing of this one's own."""
        super().let_go()
        for template in self._templates.values():
            template.drop()

    def end(self) -> None:
        """End this process, and all that those have started which it has forked."""
        for template in self._templates.values():
            template.end()
        super().end()


def _kind_of(request: dict[str, Any]) -> int:
    """Return what is the same for all steps that begin alike."""
    words = tuple(request["command"][: request["shared"]])
    environment = frozenset(request["environment"].items())
    return hash((words, environment, request["folder"], request["flow"]))


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
