"""The command line of a generated file."""

from __future__ import annotations

import gc
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

from prefect import Flow
from prefect.client.schemas.objects import State
from prefect.exceptions import TerminationSignal
from prefect.settings import PREFECT_API_REQUEST_TIMEOUT

from ..facts import MetaflowFlow, Parameter
from ..host.script import end_process
from .engine import BY_CTRL_C, LoadProblem, PreparedRun, load_flow
from .host_client import Host, HostEnded, adopt_host
from .options import (
    arguments_for_metaflow,
    command_of,
    raw_and_value,
    record_flag,
    resume_command,
)
from .resume import origin_problem, running_origin, values_of_origin
from .runner_choice import RunnerChoice
from .scheduler import RunFailure
from .server import (
    ServerProblem,
    ServerStart,
    import_ahead,
    server_problems,
    settings_of_run,
)
from .shipper import EVENT_INLET
from .values import parameters_of, shown_defaults

USAGE = 2
NO_SERVER = 3


def main(
    facts: MetaflowFlow,
    flow: Flow[Any, Any],
    early: tuple[subprocess.Popen[bytes], socket.socket, socket.socket],
) -> NoReturn:
    """Run the command line of a generated file, and end this process.

    The exit code is 0 if the Metaflow run is successful, 1 if not, 2 if the command
    line makes no sense.

    Args:
        facts: The flow.
        flow: Its Prefect flow.
        early: A Metaflow process that has been started early, and the socket to it.
    """
    gc.freeze()
    gc.enable()
    end_process(run_command(facts, flow, adopt_host(*early), sys.argv[1:]))


def run_command(
    facts: MetaflowFlow, flow: Flow[Any, Any], host: Host, words: Sequence[str]
) -> int:
    """Run the command line of a generated file.

    Args:
        facts: The flow.
        flow: Its Prefect flow.
        host: The Metaflow process.
        words: The command line's words.

    Returns:
        The exit code.
    """
    import click

    parameters = parameters_of(flow)
    command = command_of(facts, parameters, shown_defaults(parameters, flow))
    try:
        with command.make_context(Path(facts.file).name, list(words)) as context:
            return _run(facts, parameters, flow, host, context.params)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        sys.stderr.write(f"Error: {error.format_message()}\n")
        return 2


def _run(
    facts: MetaflowFlow,
    parameters: Sequence[Parameter],
    flow: Flow[Any, Any],
    host: Host,
    chosen: dict[str, Any],
) -> int:
    words: list[str] = []
    values: dict[str, Any] = {}
    for place, parameter in enumerate(parameters):
        given = chosen[f"parameter_{place}"]
        if parameter.is_flag and given is None and not chosen["own_resume"]:
            record_flag(parameter, values)
        if given is None or given == ():
            continue
        raw, value = raw_and_value(parameter, given)
        words += raw
        values[parameter.argument] = value
    arguments = arguments_for_metaflow(facts, chosen, words)
    runner, shared = chosen["own_task_runner"], chosen["own_shared_folder"]
    choice = RunnerChoice.chosen(runner, shared=shared, kept={})
    with settings_of_run():
        server = ServerStart()
        threading.Thread(target=import_ahead, daemon=True).start()
        try:
            launcher, preload = chosen["own_launcher"], chosen["own_preload"]
            load_flow(host, facts, parameters, arguments, choice, launcher, preload)
            origin = _resumable_origin(host, server, chosen)
        except ServerProblem as problem:
            host.close()
            return _no_server(problem, debug=chosen["own_debug"])
        except LoadProblem as problem:
            sys.stderr.write(f"{problem}\n")
            return USAGE
        except HostEnded as ended:
            sys.stderr.write(_refusal(facts, ended, debug=chosen["own_debug"]))
            return USAGE
        if origin:
            run_id = chosen["own_resume"]
            values = values_of_origin(parameters, run_id, origin["parameters"])
            flow = flow.with_options(validate_parameters=False)
        prepared = PreparedRun(host, choice, resume_command(chosen, parameters))
        limit = PREFECT_API_REQUEST_TIMEOUT.value()
        try:
            with server_problems(limit):
                code: int = server.call(_run_prefect_flow, flow, values, prepared)
                return code
        except ServerProblem as problem:
            host.close()
            return _no_server(problem, debug=chosen["own_debug"])


def _no_server(problem: ServerProblem, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(problem)
    sys.stderr.write(f"{problem}\n")
    return NO_SERVER


def _resumable_origin(
    host: Host, server: ServerStart, chosen: dict[str, Any]
) -> dict[str, Any] | None:
    """Wait for the server, and return what is known of the run to resume, if any.

    Raises:
        ServerProblem: The server cannot be used.
        LoadProblem: That run is not over. For one of this machine no server is asked.
    """
    run_id = chosen["own_resume"]
    if not run_id:
        server.wait()
        return None
    origin: dict[str, Any] = (host.loaded or {})["origin"]
    origin["has_ended"] = chosen["own_origin_is_dead"] or origin["has_ended"]
    reason = running_origin(run_id, origin)
    if reason is None:
        server.wait()
        reason = origin_problem(run_id, origin)
    if reason is not None:
        host.close()
        raise LoadProblem(reason)
    return origin


def _refusal(facts: MetaflowFlow, ended: HostEnded, *, debug: bool) -> str:
    """Return why Metaflow did not take the flow or the command line."""
    # A wrong use is one line; before it Metaflow says what it was about to do.
    lines = ended.output[-1:] if ended.code == USAGE else (str(ended),)
    if ended.cause:
        lines = (f"{facts.name} cannot be loaded: {ended.cause}",)
    if debug:
        lines = (*ended.output, *lines)
    return "\n".join(lines) + "\n"


def _run_prefect_flow(
    flow: Flow[Any, Any], values: dict[str, Any], prepared: PreparedRun
) -> int:
    EVENT_INLET.open()
    PreparedRun.waiting = prepared
    state: State[Any] | None = None
    try:
        call: Any = flow  # its types do not know `return_state`
        with ExitStack() as prepared.after:
            state = call(**values, return_state=True)
    except (KeyboardInterrupt, TerminationSignal) as stop:
        if state is not None:  # it has ended, and only log lines were still to be sent
            return _code_of(state)
        number = getattr(stop, "signal", signal.SIGINT)
        sys.stderr.write("Stopped; no step is running any more.\n")
        return 128 + number
    assert state is not None
    return _code_of(state)


def _code_of(state: State[Any]) -> int:
    """Return the exit code of a run; tell the terminal of an end that is not good."""
    if state.is_completed():
        return 0
    sys.stderr.write(f"{_last_words(state)}\n")
    by_ctrl_c = state.is_cancelled() and state.message == BY_CTRL_C
    return 128 + signal.SIGINT if by_ctrl_c else 1


def _last_words(state: State[Any]) -> str:
    """Return what the terminal shows last: what failed, and how to go on."""
    failure = state.result(raise_on_failure=False)
    lines = [state.message or "The flow run has failed."]
    if isinstance(failure, RunFailure) and failure.remedy:
        lines += ["Fix the cause, then continue with:", f"  {failure.remedy}"]
    return "\n".join(lines)
