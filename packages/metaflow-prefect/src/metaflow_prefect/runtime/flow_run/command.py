"""The command line of a generated file."""

from __future__ import annotations

import gc
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from prefect import Flow
from prefect.client.schemas.objects import State
from prefect.exceptions import TerminationSignal

from ..facts import MetaflowFlow, Parameter
from ..host.script import end_process
from .engine import BY_CTRL_C, LAUNCHERS, LoadProblem, PreparedRun, load_flow
from .host_client import Host, HostEnded, adopt_host
from .placing import Placing
from .resume import origin_problem, running_origin, values_of_origin
from .scheduler import RunFailure
from .server import ServerProblem, ServerStart, patient_server_start
from .values import parameters_of

USAGE = 2
NO_SERVER = 3


def reader(parameter: Parameter) -> Callable[[str], tuple[str, Any]]:
    """Return what reads a parameter: the text, for Metaflow, and what it means."""
    import click

    types: dict[str, Any] = {
        "int": click.INT,
        "float": click.FLOAT,
        "bool": click.BOOL,
    }
    kind: Any = types.get(parameter.kind, click.STRING)
    if parameter.choices:
        kind = click.Choice(parameter.choices)

    def read(text: str) -> tuple[str, Any]:
        if parameter.kind != "json":
            return text, kind.convert(text, None, None)
        try:
            return text, json.loads(text)
        except ValueError:
            raise click.BadParameter(f"{text!r} is not valid JSON.") from None

    return read


# Metaflow's own options of `run`, as far as they mean something here.
RUN_OPTIONS = (
    ("run-id-file", "FILE", "Write the id of the Metaflow run to this file."),
    ("max-workers", "N", "How many tasks run at the same time.  [default: 16]"),
    ("max-num-splits", "N", "How many tasks a foreach may make.  [default: 100]"),
    ("max-log-size", "MB", "How much of a task's output is kept.  [default: 10]"),
    ("namespace", "TAG", "The namespace that the flow's own queries see."),
)
REPEATED_OPTIONS = (
    ("tag", "TAG", "Annotate the run with this tag; may be given several times."),
    ("with", "DECORATOR", "Add a decorator to all steps; may be given several times."),
)


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
    command = _command(facts, parameters)
    try:
        with command.make_context(Path(facts.file).name, list(words)) as context:
            return _run(facts, parameters, flow, host, context.params)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        sys.stderr.write(f"Error: {error.format_message()}\n")
        return 2


def _command(facts: MetaflowFlow, parameters: Sequence[Parameter]) -> Any:
    """Return the click command; a flow's parameter wins over an option of ours."""
    import click

    taken = {parameter.name for parameter in parameters}
    options: list[Any] = []
    for place, parameter in enumerate(parameters):
        variable = parameter.name.upper().replace("-", "_")
        settings: dict[str, Any] = {"is_flag": True, "default": None}
        if parameter.is_counter:
            settings = {"count": True, "default": None}
        elif not parameter.is_flag:
            settings = {
                "type": reader(parameter),
                "metavar": parameter.kind.upper(),
                "multiple": parameter.multiple,
                "nargs": parameter.arity,
            }
        options.append(
            click.Option(
                [f"--{parameter.name}", f"parameter_{place}"],
                required=parameter.required,
                help=parameter.help,
                # what it says of a flag, Metaflow reads by itself
                envvar=None if parameter.is_flag else f"METAFLOW_RUN_{variable}",
                **settings,
            )
        )

    def own(name: str, help_text: str, **settings: Any) -> None:
        flag = f"--prefect-{name}" if name in taken else f"--{name}"
        variable = f"own_{name.replace('-', '_')}"
        options.append(click.Option([flag, variable], help=help_text, **settings))

    for name, metavar, help_text in RUN_OPTIONS:
        kind: Any = click.INT if metavar in ("N", "MB") else click.STRING
        if name == "max-workers":
            kind = click.IntRange(min=1)
        own(name, help_text, metavar=metavar, type=kind)
    for name, metavar, help_text in REPEATED_OPTIONS:
        own(name, help_text, metavar=metavar, multiple=True)
    own(
        "resume",
        "Clone what succeeded in an earlier run.",
        metavar="RUN_ID",
        is_eager=True,
        callback=_need_no_parameters,
    )
    own(
        "origin-is-dead",
        "With --resume: its process has died, whatever Prefect says.",
        is_flag=True,
    )
    own("step-to-rerun", "With --resume: run this step again.", metavar="STEP")
    own("resumed-by", "The command that resumes a run.", hidden=True)
    own(
        "launcher",
        "How steps are started: forked from a warm process or fresh.",
        type=click.Choice(LAUNCHERS),
    )
    own(
        "preload",
        "Import this module once, before steps are forked; may be given several times.",
        metavar="MODULE",
        multiple=True,
    )
    own(
        "task-runner",
        "Where steps run: dask, or dask:ADDRESS of a scheduler.",
        metavar="RUNNER",
    )
    own(
        "shared-folder",
        "With --task-runner: this folder is the same on all that run steps.",
        is_flag=True,
    )
    own("debug", "Show the traceback of a flow that cannot be loaded.", is_flag=True)
    return click.Command(
        Path(facts.file).name,
        params=options,
        help=f"Run the Metaflow flow {facts.name} as a Prefect flow.",
        context_settings={"help_option_names": ["--help"], "max_content_width": 100},
    )


def _need_no_parameters(context: Any, _option: Any, run_id: str | None) -> str | None:
    """Neither ask nor look for parameters if a run is resumed: it has its origin's."""
    if run_id is not None:
        for option in context.command.params:
            if option.name.startswith("parameter_"):
                option.required, option.envvar = False, None
    return run_id


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
            _record_flag(parameter, values)
        if given is None or given == ():
            continue
        raw, value = _raw_and_value(parameter, given)
        words += raw
        values[parameter.argument] = value
    arguments = _arguments(facts, chosen, words)
    runner, shared = chosen["own_task_runner"], chosen["own_shared_folder"]
    placing = Placing.chosen(runner, shared=shared)
    with patient_server_start():
        server = ServerStart()
        try:
            launcher, preload = chosen["own_launcher"], chosen["own_preload"]
            load_flow(host, facts, parameters, arguments, placing, launcher, preload)
            origin = _resumable_origin(host, server, chosen)
        except ServerProblem as problem:
            host.close()
            if chosen["own_debug"]:
                traceback.print_exception(problem)
            sys.stderr.write(f"{problem}\n")
            return NO_SERVER
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
        resume = _resume_command(chosen, parameters)
        PreparedRun.waiting = PreparedRun(host, placing, resume)
        return _run_prefect_flow(flow, values)


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


def _record_flag(parameter: Parameter, values: dict[str, Any]) -> None:
    """Show in Prefect what the environment says of a flag, which Metaflow reads."""
    import click

    text = os.environ.get(f"METAFLOW_RUN_{parameter.name.upper().replace('-', '_')}")
    if text:
        is_plain = parameter.kind == "bool"
        values[parameter.argument] = click.BOOL(text) if is_plain else text


def _raw_and_value(parameter: Parameter, given: Any) -> tuple[list[str], Any]:
    """Return a parameter's words for Metaflow, and its value for Prefect."""
    option = f"--{parameter.name}"
    if parameter.is_flag:
        return [option], parameter.flag_value
    if parameter.is_counter:
        return [option] * int(given), given
    entries = given if parameter.multiple else [given]
    if parameter.arity == 1:
        words = [f"{option}={raw}" for raw, _ in entries]
        values = [value for _, value in entries]
    else:
        words = [w for entry in entries for w in (option, *(raw for raw, _ in entry))]
        values = [[value for _, value in entry] for entry in entries]
    return words, values if parameter.multiple else values[0]


def _arguments(
    facts: MetaflowFlow, chosen: dict[str, Any], words: list[str]
) -> list[str]:
    """Return what follows the flow's file on Metaflow's command line."""
    import click

    options: list[str] = [*facts.run_options]
    for name, _, _ in RUN_OPTIONS:
        value = chosen[f"own_{name.replace('-', '_')}"]
        if value is not None:
            options.append(f"--{name}={value}")
    for name, _, _ in REPEATED_OPTIONS:
        options += [f"--{name}={value}" for value in chosen[f"own_{name}"]]
    origin, step = chosen["own_resume"], chosen["own_step_to_rerun"]
    if origin is None:
        for name in ("step-to-rerun", "origin-is-dead"):
            if chosen[f"own_{name.replace('-', '_')}"]:
                raise click.UsageError(f"--{name} goes with --resume RUN_ID.")
        return [*facts.options, "run", *options, *words]
    if not origin:
        raise click.UsageError("--resume needs the id of a run.")
    if step is not None and step not in facts.steps:
        raise click.UsageError(
            f"There is no step {step}. Choose one of {', '.join(facts.steps)}."
        )
    if words:
        raise click.UsageError(
            "A resumed run has the parameters of its origin; give none with --resume."
        )
    resume = ["resume", f"--origin-run-id={origin}", *options]
    return [*facts.options, *resume, *([step] if step else [])]


def _run_prefect_flow(flow: Flow[Any, Any], values: dict[str, Any]) -> int:
    try:
        call: Any = flow  # its types do not know `return_state`
        state: State[Any] = call(**values, return_state=True)
    except (KeyboardInterrupt, TerminationSignal) as stop:
        number = getattr(stop, "signal", signal.SIGINT)
        sys.stderr.write("Stopped; no step is running any more.\n")
        return 128 + number
    if state.is_completed():
        return 0
    sys.stderr.write(f"{_last_words(state)}\n")
    by_ctrl_c = state.is_cancelled() and state.message == BY_CTRL_C
    return 128 + signal.SIGINT if by_ctrl_c else 1


def _resume_command(chosen: dict[str, Any], parameters: Sequence[Parameter]) -> str:
    """Return the command that goes on with this run; `{}` stands for its id.

    It has the options of ours that were given, since Metaflow does not keep them.
    """
    taken = {parameter.name for parameter in parameters}

    def flag(name: str) -> str:
        return f"--prefect-{name}" if name in taken else f"--{name}"

    here = f"python {shlex.quote(sys.argv[0])} {flag('resume')}"
    begin = chosen["own_resumed_by"] or here
    names = ("max-workers", "max-num-splits", "max-log-size", "namespace", "launcher")
    options = [(name, [chosen[f"own_{name.replace('-', '_')}"]]) for name in names]
    options += [(name, chosen[f"own_{name}"]) for name in ("tag", "with", "preload")]
    given = [
        f" {shlex.quote(f'{flag(name)}={value}')}"
        for name, values in options
        for value in values
        if value is not None
    ]
    return f"{_literally(begin)} {{}}{_literally(''.join(given))}"


def _literally(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _last_words(state: State[Any]) -> str:
    """Return what the terminal shows last: what failed, and how to go on."""
    failure = state.result(raise_on_failure=False)
    lines = [state.message or "The flow run has failed."]
    if isinstance(failure, RunFailure) and failure.remedy:
        lines += ["Mend the cause, then go on where it failed:", f"  {failure.remedy}"]
    return "\n".join(lines)
