"""The processes of the Metaflow side, from their first line."""

from __future__ import annotations

import importlib
import inspect
import linecache
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from .channel import Channel
from .launch import Launcher
from .native import configs_as_options, install_service
from .script import end_process, run_script
from .service import RunService
from .warm import WarmServer

# What a step needs of Metaflow, but no module that reads the options of the flow at
# hand when it is imported; for `metaflow.cli` see `give_options_of`.
STEP_MODULES = (
    "metaflow",
    "metaflow.runtime",
    "metaflow.task",
    "metaflow.cli",
    "metaflow.cli_components.step_cmd",
)
# What takes the time of this one is what it imports; itself it is forgotten again.
RUN_COMMANDS = "metaflow.cli_components.run_cmds"


def _import_metaflow() -> None:
    """Import what a step needs of Metaflow, and nothing that starts a thread."""
    for name in (*STEP_MODULES, RUN_COMMANDS):
        importlib.import_module(name)
    package, _, module = RUN_COMMANDS.rpartition(".")
    del sys.modules[RUN_COMMANDS]
    delattr(sys.modules[package], module)
    # by name: a reader's strict mypy sees that Metaflow's functions have no types
    version: Any = importlib.import_module("metaflow.metaflow_version")

    # What each step would otherwise do for itself: Metaflow's version asks git, and
    # the first look at a flow's source compiles the tokenizer's expressions.
    version.get_version()
    inspect.getsource(inspect.getsource)
    linecache.clearcache()


def metaflow_side(kind: str) -> None:
    """Be one of the processes of the Metaflow side; does not return.

    Standard input is the socket to the process that uses this one, but for a step.

    Args:
        kind: `"run"` serves a whole run, `"warm"` replaces a warm process that died,
            `"script"` runs a flow's script for one step.
    """
    if kind == "script":
        flow, script, *arguments = sys.argv[3:]
        end_process(run_script(script, arguments, flow))
    channel = Channel(socket.socket(fileno=os.dup(0)))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _import_metaflow()
    if kind == "warm":
        WarmServer(channel).serve()
    launcher = Launcher(owned=[channel])
    if sys.platform != "linux":
        launcher.forbid_warm("since only Linux forks safely")
    message, _ = channel.receive()
    if message is None:
        os._exit(0)
    launcher.flow = message["flow"]
    if message["launcher"] == "fresh":
        launcher.forbid_warm("as asked for")
    elif message["preload"]:
        launcher.preload(message["preload"], str(Path(message["script"]).parent))
    # Ctrl-C reaches this process too; the Prefect side decides what it means. A
    # handler, not SIG_IGN: that one would be inherited.
    signal.signal(signal.SIGINT, lambda *_: None)
    service = RunService(channel, launcher)
    install_service(service, launcher)
    with configs_as_options(message["configs"]) as options:
        arguments = [*options, *message["arguments"]]
        code = run_script(message["script"], arguments, message["flow"])
    sys.stdout.flush()
    channel.send({"kind": "ended", "code": code})
    end_process(code)
