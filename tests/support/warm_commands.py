"""Processes that fork one for each Python command, shared by all processes of a session of tests.

Each is started by whoever needs it first, serves at a socket in a folder of the session, and ends
with the last process that has opened that folder.
"""

import atexit
import fcntl
import gc
import marshal
import os
import select
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from io import FileIO, TextIOWrapper
from pathlib import Path
from socket import AF_UNIX, recv_fds, socket, socketpair
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, NoReturn

from metaflow_prefect.runtime.host.fork_server import STOP_SIGNALS, die_with
from metaflow_prefect.runtime.host.script import c_library, end_script, renew_standard_streams

from support import warm, warm_client

_FOLDER = "TESTS_FOLDER_OF_WARM"  # the variable that names it to the processes of a session
_USERS = "users"  # the pipe in it that those hold open
_TESTS = str(Path(__file__).resolve().parent.parent)
_START = f"""\
import sys
sys.path.insert(0, {_TESTS!r})
from support.warm_commands import main
main()
"""
_STALLED = 60  # seconds in which a request must have come wholly
_REPORT = 3  # of the files that come with a request; those before are the standard streams


@cache
def session_folder() -> Path:
    """Open the folder of the session, which ends with this process if it is the first to."""
    if _FOLDER not in os.environ:
        made = TemporaryDirectory(prefix="warm-")
        atexit.register(made.cleanup)
        os.mkfifo(Path(made.name, _USERS))
        os.environ[_FOLDER] = made.name
    found = Path(os.environ[_FOLDER])
    os.open(found / _USERS, os.O_RDWR)  # held until this process ends
    return found


@dataclass(frozen=True)
class Server:
    """A process that forks.

    Attributes:
        address: The path of its socket.
        process: Itself, if this process has started it.
    """

    address: Path
    process: "subprocess.Popen[bytes] | None"

    @property
    def python(self) -> str:
        """What stands for `python` in a command that it is to run."""
        client = Path(warm_client.__file__)
        return shlex.join([sys.executable, "-S", str(client), str(self.address)])

    def run(
        self, *words: str, folder: Path, variables: Mapping[str, str], limit: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a session of its own, as `support.run.python` says."""
        with ExitStack() as opened:
            nothing = opened.enter_context(Path(os.devnull).open())
            out, err = (opened.enter_context(TemporaryFile()) for _ in range(2))
            files = [file.fileno() for file in (nothing, out, err)]
            connection, report = warm_client.ask(
                str(self.address), words, str(folder), variables, files
            )
            opened.callback(connection.close)
            opened.enter_context(report)
            pid = self._next(report, words, limit)
            try:
                code = self._next(report, words, limit)
            except subprocess.TimeoutExpired:
                os.killpg(pid, signal.SIGKILL)  # its steps with it
                raise
            return subprocess.CompletedProcess(words, code, _text(out), _text(err))

    def _next(self, report: FileIO, words: Sequence[str], limit: float) -> int:
        if not select.select([report], [], [], limit)[0]:
            raise subprocess.TimeoutExpired(words, limit)
        if not (line := report.readline()):
            raise RuntimeError(f"the process that forks {self.address.name} has ended")
        return int(line)

    def end(self) -> None:
        """End the process, and the commands that it has forked."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.address.unlink()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    text = file.read().decode(errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")  # as where a pipe is read as text


def start(name: str, modules: Sequence[str], variables: Mapping[str, str]) -> Server:
    """Find the process of a name, or start it.

    Args:
        name: A name that is the same wherever the rest is.
        modules: What it imports; and what it calls then, as "module:function".
        variables: Its environment, which counts for what these read when they are imported; but
            what they take for the home is a folder of the session.
    """
    address = session_folder() / name
    with (session_folder() / f"{name}.start").open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if address.exists():
            return Server(address, None)
        home = str(session_folder() / "home")
        process = subprocess.Popen(
            [sys.executable, "-c", _START, name, *modules],
            cwd=session_folder(),
            env={**variables, **dict.fromkeys(("HOME", "METAFLOW_HOME", "PREFECT_HOME"), home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout is not None
        with process.stdout as output:
            if not output.readline():
                raise RuntimeError(f"the process that forks {name} ended with {process.wait()}")
    atexit.register(setattr, process, "returncode", 0)  # unawaited: it ends with the session
    return Server(address, process)


def main() -> NoReturn:
    """Import the modules that the command line names; then fork a process for each request."""
    del sys.path[0]  # the folder of the tests
    _, name, *modules = sys.argv
    del sys.argv[1:]  # which some modules look at
    gc.disable()  # until they are imported, as they stay
    for word in modules:
        module, _, function = word.partition(":")
        found = import_module(module)
        if function:
            getattr(found, function)()
    listener = listen(name)  # not sooner, as this says that it is ready
    print(flush=True)
    serve(listener)


def listen(name: str) -> socket:
    """Make the socket of a name, in the folder of the session."""
    listener = socket(AF_UNIX)
    listener.bind(name)
    listener.listen(128)
    return listener


def serve(listener: socket) -> NoReturn:
    """Fork a process for each request, until the session has ended."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):  # whoever waits for the end of our output waits for nobody else
        os.dup2(nothing, number)
    os.close(nothing)
    given = warm.read_at_import(os.environ)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    request = _Forks(listener).next_command()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)  # what came meanwhile comes now
    words, variables = request["words"], request["variables"]
    if warm.needs_new(words, variables, given):
        os.chdir(request["folder"])
        os.execve(sys.executable, [sys.executable, *words], variables)
    renew_standard_streams()
    if isinstance(sys.stdout, TextIOWrapper):  # which is then unbuffered, as Python's own is not
        sys.stdout.reconfigure(write_through=False)
    warm.become(request["folder"], variables)
    # The interpreter would take apart all modules, which costs more than most commands.
    end_script(warm.exit_code_of(words))


class _Forks:
    """What a process that forks knows of those that it has forked."""

    def __init__(self, listener: socket) -> None:
        self._listener = listener
        self._users = os.open(_USERS, os.O_RDONLY)
        self._wakeup, self._waker = socketpair()
        self._waker.setblocking(False)
        self._reports: dict[int, int] = {}
        self._clients: dict[int, socket] = {}

    def next_command(self) -> warm.Request:
        """Serve, and return in each forked process what it was forked for."""
        c_library()  # for all that are forked
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        gc.freeze()
        gc.enable()
        while True:
            clients = {client.fileno(): pid for pid, client in self._clients.items()}
            own = (self._listener.fileno(), self._users, self._wakeup.fileno())
            ready, _, _ = select.select([*own, *clients], [], [])
            if self._users in ready:  # nobody holds the other end any more
                for pid in self._reports:
                    _kill(pid)
                os._exit(0)
            if self._wakeup.fileno() in ready:
                self._wakeup.recv(4096)
                self._reap()
            for pid in {clients[number] for number in ready if number in clients}:
                if client := self._clients.pop(pid, None):  # whoever asked for it has ended
                    client.close()
                    _kill(pid)
            if own[0] in ready and (request := self._accept()):
                return request

    def _accept(self) -> warm.Request | None:
        client, _ = self._listener.accept()
        client.settimeout(_STALLED)
        data = b""
        files: list[int] = []
        with suppress(OSError):  # whoever asks has ended
            header, files, _, _ = recv_fds(client, warm_client.SIZE, _REPORT + 1)
            with client.makefile("rb") as stream:
                data = stream.read(int.from_bytes(header, "big"))
        try:
            request: warm.Request = marshal.loads(data)  # noqa: S302 - the tests' own
        except EOFError:  # it has ended before it had asked
            _close(client, *files)
            return None
        with suppress(ValueError, OSError):  # which the command meets, too
            warm.find_settings(request["folder"], request["variables"])
        parent = os.getpid()
        if (pid := os.fork()) == 0:
            os.setsid()
            die_with(parent)
            client.close()
            self._part()
            for number, file in enumerate(files[:_REPORT]):
                os.dup2(file, number)
            _close(*files)
            return request
        _close(*files[:_REPORT])
        self._reports[pid] = files[_REPORT]
        _report(files[_REPORT], pid)
        if request["stays"]:
            client.close()
        else:
            self._clients[pid] = client
        return None

    def _part(self) -> None:
        """Have a forked process hold nothing of this one's own."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _close(self._listener, self._wakeup, self._waker, *self._clients.values())
        _close(self._users, *self._reports.values())

    def _reap(self) -> None:
        while self._reports:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            report = self._reports.pop(pid, None)
            if report is None:
                continue
            if client := self._clients.pop(pid, None):
                client.close()
            _report(report, os.waitstatus_to_exitcode(status))
            os.close(report)


def _close(*ends: socket | int) -> None:
    for end in ends:
        os.close(end) if isinstance(end, int) else end.close()


def _report(file: int, number: int) -> None:
    with suppress(BrokenPipeError):  # whoever asked does not listen any more
        os.write(file, b"%d\n" % number)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # it may not lead its group yet
        with suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)
