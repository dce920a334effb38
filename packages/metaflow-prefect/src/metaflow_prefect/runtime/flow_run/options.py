"""The options of a generated file, and what they are for Metaflow and for Prefect."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..facts import MetaflowFlow, Parameter, can_write, is_unicode
from .engine import LAUNCHERS


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
            value = kind.convert(text, None, None)
        else:
            try:
                value = json.loads(text)
            except ValueError:
                raise click.BadParameter(f"{text!r} is not valid JSON.") from None
        if not is_unicode(value):
            raise click.BadParameter(
                f"{text!r} is not UTF-8; Prefect keeps no other text."
            )
        return text, value

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


def command_of(
    facts: MetaflowFlow, parameters: Sequence[Parameter], defaults: Mapping[str, str]
) -> Any:
    """Return the click command; a flow's parameter wins over an option of ours."""
    import click

    taken = {parameter.name for parameter in parameters}
    options: list[Any] = []
    for place, parameter in enumerate(parameters):
        variable = parameter.name.upper().replace("-", "_")
        default = defaults.get(parameter.name)
        settings: dict[str, Any] = {"is_flag": True, "default": None}
        if parameter.is_counter:
            settings = {"count": True, "default": None}
        elif not parameter.is_flag:
            settings = {
                "type": reader(parameter),
                "metavar": f"[{'|'.join(parameter.choices)}]"
                if parameter.choices
                else parameter.kind.upper(),
                "multiple": parameter.multiple,
                "nargs": parameter.arity,
            }
        options.append(
            click.Option(
                [f"--{parameter.name}", f"parameter_{place}"],
                required=parameter.required,
                help=f"{parameter.help}  {default}" if default else parameter.help,
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
        check = _need_folder if metavar == "FILE" else None
        own(name, help_text, metavar=metavar, type=kind, callback=check)
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
        "Where steps run: dask or ray, or dask:ADDRESS or ray:ADDRESS of a cluster.",
        metavar="RUNNER",
    )
    own(
        "shared-folder",
        "With --task-runner: all machines that run steps share this folder.",
        is_flag=True,
    )
    own("debug", "Show the traceback of a flow that cannot be loaded.", is_flag=True)
    return click.Command(
        Path(facts.file).name,
        params=options,
        help=f"Run the Metaflow flow {facts.name} as a Prefect flow.",
        context_settings={"help_option_names": ["--help"], "max_content_width": 100},
    )


def _need_folder(_context: Any, _option: Any, file: str | None) -> str | None:
    """Refuse a file that Metaflow could not write, which it tries when a run begins."""
    import click

    if file is not None and not can_write(file):
        raise click.BadParameter(
            f"{file!r} cannot be written. Give a file in a folder that is there."
        )
    return file


def _need_no_parameters(context: Any, _option: Any, run_id: str | None) -> str | None:
    """Neither ask nor look for parameters if a run is resumed: it has its origin's."""
    if run_id is not None:
        for option in context.command.params:
            if option.name.startswith("parameter_"):
                option.required, option.envvar = False, None
    return run_id


def record_flag(parameter: Parameter, values: dict[str, Any]) -> None:
    """Show in Prefect what the environment says of a flag, which Metaflow reads."""
    import click

    text = os.environ.get(f"METAFLOW_RUN_{parameter.name.upper().replace('-', '_')}")
    if text:
        is_plain = parameter.kind == "bool"
        values[parameter.argument] = click.BOOL(text) if is_plain else text


def raw_and_value(parameter: Parameter, given: Any) -> tuple[list[str], Any]:
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


def arguments_for_metaflow(
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
    # Two words: for a flow with configs, Metaflow itself looks for the option alone.
    resume = ["resume", "--origin-run-id", origin, *options]
    return [*facts.options, *resume, *([step] if step else [])]


def resume_command(chosen: dict[str, Any], parameters: Sequence[Parameter]) -> str:
    """Return the command that goes on with this run; `{}` stands for its id.

    It has the options of ours that were given, since Metaflow does not keep them.
    """
    taken = {parameter.name for parameter in parameters}

    def flag(name: str) -> str:
        return f"--prefect-{name}" if name in taken else f"--{name}"

    here = f"python {shlex.quote(sys.argv[0])} {flag('resume')}"
    begin = chosen["own_resumed_by"] or here
    names = ("max-workers", "max-num-splits", "max-log-size", "namespace", "launcher")
    single = (*names, "task-runner")
    options = [(name, [chosen[f"own_{name.replace('-', '_')}"]]) for name in single]
    options += [(name, chosen[f"own_{name}"]) for name in ("tag", "with", "preload")]
    given = [
        f" {shlex.quote(f'{flag(name)}={value}')}"
        for name, values in options
        for value in values
        if value is not None
    ]
    if chosen["own_shared_folder"]:
        given.append(f" {flag('shared-folder')}")
    return f"{_literally(begin)} {{}}{_literally(''.join(given))}"


def _literally(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
