"""Forks a process for each Python command that others than the tests start.

Such are the processes of flow runs, which a worker of Prefect's starts, and those of the action's
steps. Each would import Prefect or mfp first.
"""

import atexit
import gc
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from socket import AF_UNIX, socket
from tempfile import TemporaryDirectory
from typing import NoReturn

from metaflow_prefect.runtime.channel import Channel
from metaflow_prefect.runtime.host.fork_server import STOP_SIGNALS, ForkServer, die_with
from metaflow_prefect.runtime.host.script import end_script, renew_standard_streams

from support import warm

_CLIENT = Path(__file__).with_name("warm_client.py")
_SOCKET = "commands"


def start(modules: Sequence[str], variables: Mapping[str, str]) -> str:
    """Start the process that forks.

    Args:
        modules: What it imports; and what it calls then, as "module:function".
        variables: Its environment.

    Returns:
        What stands for `python` in a command that it is to run.
    """
    folder = TemporaryDirectory()
    process = subprocess.Popen(
        [sys.executable, "-c", warm.START, *modules, f"{__name__}:serve"],
        cwd=folder.name,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )

    output = process.stdout
    assert output is not None

    def end() -> None:
        process.kill()
        process.wait()
        output.close()
        folder.cleanup()

    atexit.register(end)
    output.readline()
    return shlex.join([sys.executable, "-S", str(_CLIENT), str(Path(folder.name, _SOCKET))])


def serve() -> NoReturn:
    """Fork a process for each client that connects."""
    die_with(os.getppid())
    with socket(AF_UNIX) as listener:
        listener.bind(_SOCKET)
        listener.listen()
        print(flush=True)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)  # whoever waits for the end of our output waits for nobody else
        os.close(nothing)
        gc.freeze()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how these end
        while True:
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    _serve_one(Channel(connection))


def _serve_one(client: Channel) -> NoReturn:
    """Fork a command's process, and end it if the one that has asked for it ends before."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    server = ForkServer(client)
    request = server.next_child()
    server.listen_to_stops()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)  # what came meanwhile comes now
    words, variables = request["words"], request["variables"]
    if warm.needs_new(variables):
        os.chdir(request["folder"])
        os.execve(sys.executable, [sys.executable, *words], variables)
    renew_standard_streams()
    warm.become(request["folder"], variables)
    end_script(warm.exit_code_of(words))
