"""Runs the steps of a composite action or of a job."""

import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import killpg
from pathlib import Path
from typing import Any, Literal

from support.run import LIMIT

from runner.expressions import (
    PURE,
    Functions,
    Value,
    as_text,
    evaluate,
    is_true,
    names_function,
    substitute,
    value_of,
)
from runner.files import fresh, read_definition, read_lines, read_values
from runner.log import Log, Shown, read_log
from runner.machine import ActionFailed, Call, Machine

STATUS = ("success", "failure", "always", "cancelled")
KEYS = {"name", "id", "if", "uses", "with", "env", "run", "shell", "working-directory"}
SHELLS = {
    "bash": ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail"),
    None: ("bash", "-e"),
}
PINNED = re.compile(r"[0-9a-f]{40}")


class DefinitionError(Exception):
    """An action or workflow that has what GitHub does not take, or what this does not know."""


@dataclass(kw_only=True)
class Step:
    """A step that was reached.

    Attributes:
        name: Its name, or what it uses or runs.
        outcome: Whether it succeeded, failed or was skipped.
        outputs: Its outputs.
        log: What it printed.
        summary: What it wrote to the job's summary.
        variables: The environment of its process.
        inner: The steps of the composite action that it used.
    """

    name: str
    outcome: Literal["success", "failure", "skipped"] = "skipped"
    outputs: Mapping[str, str] = field(default_factory=dict)
    log: Log = field(default_factory=Log)
    summary: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    inner: "Run | None" = None


@dataclass(kw_only=True)
class Run:
    """An action or a job that has ended.

    Attributes:
        success: Whether no step failed.
        outputs: Its outputs.
        steps: Its steps in their order.
    """

    success: bool
    outputs: Mapping[str, str]
    steps: Sequence[Step]

    @property
    def all_steps(self) -> list[Step]:
        """The steps, with those of the actions that they used."""
        inner = [step.inner.all_steps if step.inner else [] for step in self.steps]
        return [one for step, more in zip(self.steps, inner, strict=True) for one in (step, *more)]

    @property
    def text(self) -> str:
        """All that was printed."""
        return "".join(step.log.text for step in self.all_steps)

    @property
    def summary(self) -> str:
        """The job's summary."""
        return "".join(step.summary for step in self.all_steps)

    @property
    def annotations(self) -> list[Shown]:
        """The annotations."""
        return [shown for step in self.all_steps for shown in step.log.annotations]

    def step(self, name: str) -> Step:
        """Give a step by its name."""
        [found] = [one for one in self.all_steps if one.name == name]
        return found


class Runner:
    """Runs steps one after the other.

    Args:
        machine: Where.
        contexts: What expressions can name, besides `env` and `steps`.
        composite: Whether these are the steps of a composite action.
    """

    def __init__(self, machine: Machine, contexts: Mapping[str, Value], *, composite: bool) -> None:
        self._machine = machine
        self._composite = composite
        self._contexts = contexts
        self._known: dict[str, Value] = {}
        self._variables: dict[str, str] = {}
        self._path: list[str] = []
        self.success = True

    @property
    def contexts(self) -> dict[str, Value]:
        """What expressions can name now."""
        env: dict[str, Value] = {**self._machine.env, **self._variables}
        return {**self._contexts, "env": env, "steps": self._known}

    def run(self, steps: Sequence[Mapping[str, Any]]) -> list[Step]:
        """Run steps; after one that failed, those that ask for it."""
        return [self._reach(definition) for definition in steps]

    def _reach(self, definition: Mapping[str, Any]) -> Step:
        if unknown := set(definition) - KEYS:
            raise DefinitionError(f"unknown in a step: {unknown}")
        step = Step(name=definition.get("name") or definition.get("uses") or definition["run"])
        if not self._wanted(str(definition.get("if", "success()"))):
            pass
        elif step.name in self._machine.done:
            step.outcome = "success"
        else:
            before = len(list(self._machine.temporary.glob("step-*")))
            folder = self._machine.temporary / f"step-{before}"
            self._run(definition, step, folder)
            self.success = self.success and step.outcome == "success"
        if name := definition.get("id"):
            facts: dict[str, Value] = {"outputs": dict(step.outputs), "outcome": step.outcome}
            self._known[name] = facts | {"conclusion": step.outcome}
        return step

    def _wanted(self, condition: str) -> bool:
        bare = condition.strip().removeprefix("${{").removesuffix("}}")
        value = evaluate(bare, self.contexts, self._functions())
        return is_true(value) and (self.success or names_function(bare, STATUS))

    def _functions(self) -> Functions:
        return {
            **PURE,
            "success": lambda: self.success,
            "failure": lambda: not self.success,
            "always": lambda: True,
            "cancelled": lambda: False,
        }

    def _run(self, definition: Mapping[str, Any], step: Step, folder: Path) -> None:
        files = fresh(folder)
        own = {
            name: as_text(value_of(value, self.contexts, PURE))
            for name, value in definition.get("env", {}).items()
        }
        variables = {**self._machine.variables, **self._machine.env}
        variables |= {**self._variables, **own, **files}
        variables["PATH"] = ":".join([*reversed(self._path), variables["PATH"]])
        step.variables = variables
        if "uses" in definition:
            self._use(definition, step, own)
        else:
            self._shell(definition, step, folder)
            step.outputs = read_values(Path(files["GITHUB_OUTPUT"]))
        self._variables |= read_values(Path(files["GITHUB_ENV"]))
        self._path += read_lines(Path(files["GITHUB_PATH"]))
        step.summary += Path(files["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")

    def _shell(self, definition: Mapping[str, Any], step: Step, folder: Path) -> None:
        script, shell = definition["run"], definition.get("shell")
        if self._composite and shell is None:
            raise DefinitionError(f"{step.name}: a composite action must name the shell")
        if "${{" in script:
            raise DefinitionError(f"{step.name}: an expression in a script")
        file = folder / "script.sh"
        file.write_text(script, encoding="utf-8")
        where = substitute(definition.get("working-directory", "."), self.contexts, PURE)
        with subprocess.Popen(
            [*SHELLS[shell], str(file)],
            cwd=self._machine.workspace / where,
            env=step.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                text, _ = process.communicate(timeout=LIMIT)
            except BaseException:
                killpg(process.pid, signal.SIGKILL)
                raise
        step.log = read_log(text)
        step.outcome = "failure" if process.returncode else "success"

    def _use(self, definition: Mapping[str, Any], step: Step, own: Mapping[str, str]) -> None:
        given = {
            name: as_text(value_of(value, self.contexts, PURE))
            for name, value in definition.get("with", {}).items()
        }
        name, _, ref = definition["uses"].partition("@")
        if folder := self._local(name):
            machine = self._machine.with_env({**self._variables, **own})
            step.inner = run_action(folder, given, machine)
            step.outputs = step.inner.outputs
            step.outcome = "success" if step.inner.success else "failure"
            return
        if name not in self._machine.stubs:
            raise DefinitionError(f"{name} is neither stubbed nor here")
        if not PINNED.fullmatch(ref):
            raise DefinitionError(f"{name} is not pinned by commit: {ref!r}")
        call = Call(inputs=given, workspace=self._machine.workspace, variables=dict(step.variables))
        try:
            step.outputs = self._machine.stubs[name](call)
        except ActionFailed:
            step.outcome = "failure"
        else:
            step.outcome = "success"

    def _local(self, name: str) -> Path | None:
        # For a composite action, too, this is the workspace of whoever uses it.
        if name.startswith("./"):
            return self._machine.workspace / name
        return self._machine.actions.get(name)


def run_action(folder: Path, given: Mapping[str, str], machine: Machine) -> Run:
    """Run a composite action.

    Args:
        folder: Its folder.
        given: What stands under `with`.
        machine: Where to run it.

    Returns:
        What became of it.

    Raises:
        DefinitionError: If GitHub would not take it, or this does not know something in it.
    """
    action = read_definition(folder / "action.yml")
    if action["runs"]["using"] != "composite":
        raise DefinitionError(f"no composite action: {action['runs']['using']}")
    if unknown := set(given) - set(action["inputs"]):
        raise DefinitionError(f"unexpected inputs: {unknown}")
    github = {**machine.github, "action_path": str(folder)}
    fixed: dict[str, Value] = {"github": github, "runner": machine.runner}
    inputs: dict[str, Value] = {
        name: given.get(name, as_text(value_of(one.get("default"), fixed, PURE)))
        for name, one in action["inputs"].items()
    }
    if unknown := set(machine.done) - {step.get("name") for step in action["runs"]["steps"]}:
        raise DefinitionError(f"no such steps: {unknown}")
    runner = Runner(
        machine.with_variables({"GITHUB_ACTION_PATH": str(folder)}),
        {**fixed, "inputs": inputs},
        composite=True,
    )
    steps = runner.run(action["runs"]["steps"])
    outputs = {
        name: as_text(value_of(one["value"], runner.contexts, PURE))
        for name, one in action.get("outputs", {}).items()
    }
    return Run(success=runner.success, outputs=outputs, steps=steps)
