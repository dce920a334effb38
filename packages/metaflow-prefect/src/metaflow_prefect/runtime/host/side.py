"""The processes of the Metaflow side, from their first line."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import linecache
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from ..channel import Channel
from ..versions import version_problem
from .code import fetch_package
from .flow_facts import shape_of
from .inbox import Inbox
from .launch import Launcher, chosen_variables
from .metadata_files import write_metadata_quickly
from .native import configs_as_options, default_to_kept, install_service
from .outcome import storage_problem
from .script import USAGE_CODE, FlowStart, StartAnew, cause_of, end_process, run_script
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
METAFLOW_VARIABLES = ("METAFLOW_",)


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
    write_metadata_quickly()
    inspect.getsource(inspect.getsource)
    linecache.clearcache()


def metaflow_side(kind: str) -> None:
    """Be one of the processes of the Metaflow side; does not return.

    Standard input is the socket to the process that uses this one, but for a step.

    Args:
        kind: `"run"` serves a whole run; `"anew"` does so too, for a flow whose file
            sets what Metaflow reads when it is imported; `"warm"` replaces a warm
            process that died; `"script"` runs a flow's script for one step.
    """
    if kind == "script":
        flow, script, *arguments = sys.argv[3:]
        code = run_script(script, arguments, flow)
        if code < 0:
            end_process(code)
        sys.exit(code)
    if problem := _metaflow_problem():
        sys.stdout.write(f"{problem}\n")
        sys.exit(USAGE_CODE)
    channel = Channel(socket.socket(fileno=os.dup(0)))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    message = _earlier_message() if kind == "anew" else None
    folder = sys.argv[3:4]  # where extensions of Metaflow may be, too
    sys.path[:0] = folder
    _import_metaflow()
    del sys.path[: len(folder)]
    if kind == "warm":
        WarmServer(channel).serve()
    _serve_run(channel, message)


def _metaflow_problem() -> str | None:
    if importlib.util.find_spec("metaflow") is None:
        return f"Metaflow is missing: {sys.executable} -m pip install metaflow"
    return version_problem("metaflow")


def _fetch_code(message: dict[str, Any]) -> None:
    """Fetch the flow's code into this folder, if it comes as a package."""
    if package := (message["attach"] or {}).get("package"):
        fetch_package(package, str(Path.cwd()))


def _serve_run(channel: Channel, earlier: dict[str, Any] | None) -> NoReturn:
    """Serve a run.

    Args:
        channel: The end of the socket to the Prefect side.
        earlier: What to load, if this process has begun anew.
    """
    folder, environment = Path.cwd(), dict(os.environ)
    launcher = Launcher(owned=[channel], folder=sys.argv[3:4])
    if sys.platform != "linux":
        launcher.forbid_warm("since only Linux forks safely")
    message = earlier or channel.receive()[0]
    if message is None:
        os._exit(0)
    inbox = Inbox(channel)
    launcher.flow = message["flow"]
    _fetch_code(message)
    if message["launcher"] == "fresh":
        launcher.forbid_warm("as asked for")
    elif message["preload"]:
        launcher.preload(message["preload"], str(Path(message["script"]).parent))
    # Ctrl-C, and a worker that cancels a run, reach this process too; the Prefect side
    # decides what it means. A handler, not SIG_IGN: that one would be inherited.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    service = RunService(channel, inbox, launcher, message.get("attach"))
    install_service(service, launcher)

    def check(flow: type) -> None:
        if earlier is None and _is_late(message["script"], environment):
            raise StartAnew
        default_to_kept(flow, message["configs"], message["resumed"])

    causes: list[BaseException] = []
    try:
        with configs_as_options(message["configs"], message["resumed"]) as options:
            arguments = [*options, *message["arguments"]]
            script, flow = message["script"], message["flow"]
            code = run_script(script, arguments, flow, check, causes.append)
    except StartAnew:
        environment |= chosen_variables(os.environ, METAFLOW_VARIABLES)
        os.chdir(folder)
        _start_anew(channel, message, environment)
    sys.stdout.flush()
    cause = cause_of(causes[0]) if causes else ""
    if causes and service.storage and (problem := storage_problem(causes[0])):
        cause = f"{cause_of(problem)}. Check Metaflow's {service.storage}."
    loaded = FlowStart.flow
    shape = None if loaded is None or code != USAGE_CODE else shape_of(loaded)
    channel.send({"kind": "ended", "code": code, "cause": cause, "shape": shape})
    end_process(code)


def _is_late(script: str, environment: dict[str, str]) -> bool:
    """Return whether Metaflow has been imported too early for this flow.

    Natively its file runs first. It may set variables that Metaflow reads when it is
    imported; and extensions of Metaflow may be in the file's own folder.
    """
    before = chosen_variables(environment, METAFLOW_VARIABLES)
    return chosen_variables(os.environ, METAFLOW_VARIABLES) != before or (
        Path(script).with_name("metaflow_extensions").is_dir()
    )


def _start_anew(
    channel: Channel, message: dict[str, Any], environment: dict[str, str]
) -> NoReturn:
    """Turn this process into another one that serves the same run."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(message).encode())
        file.seek(0)
        os.set_inheritable(file.fileno(), True)
        os.dup2(channel.fileno(), 0)
        # After the interpreter comes -c, then the program, then the generated file.
        command = [sys.executable, *sys.orig_argv[1:4], "anew"]
        command += [str(Path(message["script"]).parent), str(file.fileno())]
        os.execve(sys.executable, command, environment)


def _earlier_message() -> dict[str, Any]:
    """Return what to load, as `_start_anew` has left it."""
    with os.fdopen(int(sys.argv[4]), "rb") as file:
        message: dict[str, Any] = json.load(file)
        return message
