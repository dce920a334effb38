"""The inputs of the action: what they may be, and all that is wrong with them at once."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import click
from click.core import ParameterSource

from mfp.convert.selection import Selection, selection_of
from mfp.convert.writing.outcome import Writing
from mfp.errors import UsageError
from mfp.settings import read_settings

PREFIX = "MFP_INPUT_"

Mode: TypeAlias = Literal["write", "check", "list", "dry-run"]
FailOn: TypeAlias = Literal["any", "all", "never"]
Deploy: TypeAlias = Literal["none", "changed", "all"]

CHOICES = {
    "mode": ("write", "check", "list", "dry-run"),
    "missing-imports": ("stub", "error"),
    "fail-on-error": ("any", "all", "never"),
    "deploy": ("none", "changed", "all"),
}
# What the extra arguments may not say, since an input says it.
INPUT_OF = {
    "paths": "paths",
    "output_dir": "output-dir",
    "jobs": "jobs",
    "json_file": "the output report",
    "exclude": "exclude",
    "missing_imports": "missing-imports",
    "check": "mode: check",
    "prune": "prune: true",
    "shard": "shard",
    "prefect_yaml": "prefect-yaml",
    "work_pool": "work-pool",
}

_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)")
_COMMAND = re.compile(r"`mfp [a-z-]+ (--[^`]+)`")
_CHOICE = re.compile(r"(?<![\w-])--(missing-imports) (stub|error)\b")
_SERVER = re.compile(r"\bPREFECT_API_(URL|KEY|AUTH_STRING)\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What the workflow asks for.

    Attributes:
        mode: What to do.
        selection: What to convert, and how.
        writing: How files are written.
        prune: Whether to remove generated files whose flow is gone.
        prefect_yaml: The file to keep the deployments in, if there is to be one.
        work_pool: The work pool of the deployments, if one is named.
        pull: How workers get the code, if that is asked for.
        fail_on_error: When flows that fail make the job fail.
        deploy: What to deploy afterwards.
    """

    mode: Mode
    selection: Selection
    writing: Writing
    prune: bool
    prefect_yaml: str | None
    work_pool: str | None
    pull: str | None
    fail_on_error: FailOn
    deploy: Deploy


class Reader:
    """Reads inputs and collects what is wrong with them."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        return self._variables.get(PREFIX + name.upper().replace("-", "_"), "").strip()

    def lines(self, name: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.text(name).splitlines() if line.strip())

    def choice(self, name: str) -> Any:
        known = CHOICES[name]
        found = self.text(name) or known[0]
        if found not in known:
            self.problems.append(f"{name} is {found!r}, and must be one of {', '.join(known)}")
        return found

    def flag(self, name: str) -> bool:
        found = self.text(name).lower()
        if found not in {"", "true", "false"}:
            self.problems.append(f"{name} is {found!r}, and must be true or false")
        return found == "true"

    def fail(self) -> None:
        """Raise what is wrong, if anything is."""
        if self.problems:
            count = len(self.problems)
            which = "this input" if count == 1 else f"these {count} inputs"
            raise UsageError("; ".join(self.problems), f"Correct {which} of the action.")

    def number(self, name: str) -> int | None:
        found = self.text(name)
        if found and not (found.isascii() and found.isdigit() and int(found)):
            self.problems.append(f"{name} is {found!r}, and must be a whole number from 1 up")
            return None
        return int(found) if found else None

    def given(self) -> dict[str, Any]:
        """Read inputs whose default is that of the command."""
        names = ("output_dir", "shard")
        return {name: text for name in names if (text := self.text(name.replace("_", "-")))}

    def options(self, command: click.Command) -> dict[str, Any]:
        """Read arguments of `mfp convert-all` that no input stands for."""
        try:
            words = shlex.split(self.text("extra-args"))
            context = command.make_context("convert-all", words)
        except (ValueError, click.ClickException) as error:
            text = error.format_message() if isinstance(error, click.ClickException) else error
            self.problems.append(f"extra-args cannot be read: {text}")
            return {}
        except click.exceptions.Exit:  # --help
            self.problems.append("extra-args asks for help")
            return {}
        given = {
            name: value
            for name, value in context.params.items()
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        }
        for name in given:
            if name in INPUT_OF:
                self.problems.append(f"extra-args has what {INPUT_OF[name]} is for")
        return {name: value for name, value in given.items() if name not in INPUT_OF}


def read_inputs(variables: Mapping[str, str], command: click.Command) -> Inputs:
    """Read the inputs.

    Args:
        variables: The environment, where each input is `MFP_INPUT_` and its name. Of the inputs
            that are secret it has only whether they are set.
        command: `mfp convert-all`, whose options are the extra arguments.

    Returns:
        The inputs.

    Raises:
        UsageError: If any of them are not valid, with all that is wrong.
    """
    read = Reader(variables)
    mode, deploy = read.choice("mode"), read.choice("deploy")
    extra = read.options(command)
    writing = Writing(check=mode != "write", force=extra.pop("force", False))
    pull = extra.pop("pull", None)
    given = {
        "paths": read.lines("paths"),
        "exclude": read.lines("exclude"),
        "jobs": read.number("jobs"),
        **read.given(),
        **extra,
    }
    settings = read_settings(Path.cwd())
    if read.text("missing-imports") or "missing-imports" not in settings.table:
        given["missing_imports"] = read.choice("missing-imports")
    selection = selection_of(given, settings)
    inputs = Inputs(
        mode=mode,
        selection=selection,
        writing=writing,
        prune=read.flag("prune"),
        prefect_yaml=read.text("prefect-yaml") or selection.prefect_yaml,
        work_pool=read.text("work-pool") or None,
        pull=pull or selection.pull,
        fail_on_error=read.choice("fail-on-error"),
        deploy=deploy,
    )
    _check_shard(read, inputs)
    _check_effect(read, inputs)
    if deploy != "none":
        _check_deploy(read, mode, variables)
    read.fail()
    return inputs


def as_inputs(remedy: str, command: click.Command) -> str:
    """Say a remedy in terms of the action's inputs.

    Args:
        remedy: What to do next, in terms of the command line.
        command: `mfp convert-all`.

    Returns:
        The same, for somebody who writes a workflow.
    """
    names = {one.name or "" for one in command.params}

    def said(found: "re.Match[str]") -> str:
        option, name = found[0], found[1].replace("-", "_")
        if name in INPUT_OF:
            known = INPUT_OF[name]
            return known if ":" in known else f"the input {known}"
        return f"extra-args: {option}" if name in names else option

    text = _CHOICE.sub(r"\1: \2", _COMMAND.sub(r"\1", remedy))
    text = _SERVER.sub(lambda found: f"the input prefect-api-{found[1].lower()}", text)
    return _OPTION.sub(said, text).replace("prefect-api-auth_string", "prefect-api-auth-string")


def _check_shard(read: Reader, inputs: Inputs) -> None:
    try:
        part = inputs.selection.part
    except UsageError as error:
        read.problems.append(f"shard is not valid: {error.message}")
        return
    asked = {"prefect-yaml": inputs.prefect_yaml is not None, "deploy": inputs.deploy != "none"}
    for name, given in asked.items():
        if given and part.of > 1:  # names of deployments depend on all flows
            read.problems.append(f"{name} needs all flows, and shard asks for a part of them")


def _check_effect(read: Reader, inputs: Inputs) -> None:
    """Refuse what would be passed over in silence."""
    if inputs.work_pool and inputs.deploy == "none" and inputs.prefect_yaml is None:
        read.problems.append("work-pool has no effect without deploy or prefect-yaml")
    asked = {"prefect-yaml": bool(read.text("prefect-yaml")), "prune": inputs.prune}
    for name, given in asked.items():
        if given and inputs.mode == "list":
            read.problems.append(f"{name} has no effect in mode list")


def _check_deploy(read: Reader, mode: str, variables: Mapping[str, str]) -> None:
    """Refuse what cannot be deployed, before anything else is done."""

    def given(name: str) -> bool:
        variable = name.upper().replace("-", "_")
        return read.flag(f"has-{name}") or bool(variables.get(variable))

    if mode != "write":
        read.problems.append(f"deploy needs mode: write, and mode is {mode}; use deploy: none here")
    if not given("prefect-api-url"):
        read.problems.append(
            "deploy needs the server: set prefect-api-url, for example to "
            "https://api.prefect.cloud/api/accounts/ACCOUNT/workspaces/WORKSPACE"
        )
    if given("prefect-api-key") and given("prefect-api-auth-string"):
        read.problems.append(
            "prefect-api-key and prefect-api-auth-string are both set; the first is for Prefect "
            "Cloud, the second for a server of your own: set one"
        )
