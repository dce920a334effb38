"""Runs the jobs of a workflow, one after the other on one machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.expressions import PURE, Value, as_text, is_true, value_of
from runner.files import read_definition
from runner.machine import Call, Machine
from runner.steps import DefinitionError, Run, Runner

WORKFLOW = {"name", True, "permissions", "concurrency", "env", "jobs"}  # `on` is true in YAML 1.1
JOB = {
    *("name", "runs-on", "needs", "if", "permissions", "environment", "concurrency"),
    *("timeout-minutes", "env", "outputs", "steps", "uses"),
}


def run_workflow(
    path: Path,
    machine: Machine,
    *,
    secrets: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> dict[str, Run]:
    """Run a workflow.

    Args:
        path: Its file.
        machine: Where to run it.
        secrets: The context `secrets`.
        variables: The context `vars`.

    Returns:
        The jobs that ran, by their names.

    Raises:
        DefinitionError: If GitHub would not take it, or this does not know something in it.
    """
    workflow = read_definition(path)
    if unknown := set(workflow) - WORKFLOW:
        raise DefinitionError(f"unknown in a workflow: {unknown}")
    if machine.github["event_name"] not in workflow[True]:
        raise DefinitionError(f"not started by {machine.github['event_name']}")
    contexts: dict[str, Value] = {
        "github": machine.github,
        "runner": machine.runner,
        "secrets": dict(secrets or {}),
        "vars": dict(variables or {}),
    }
    ended: dict[str, Run] = {}
    for name, job in workflow["jobs"].items():
        if (run := _run_job(job, machine, contexts, ended, workflow.get("env", {}))) is not None:
            ended[name] = run
    return ended


def _run_job(
    job: Mapping[str, Any],
    machine: Machine,
    contexts: Mapping[str, Value],
    ended: Mapping[str, Run],
    env: Mapping[str, str],
) -> Run | None:
    if unknown := set(job) - JOB:
        raise DefinitionError(f"unknown in a job: {unknown}")
    needs = job.get("needs", [])
    needs = [needs] if isinstance(needs, str) else needs
    if any(name not in ended or not ended[name].success for name in needs):
        return None
    if "uses" in job:  # a workflow of its own
        call = Call(inputs={}, workspace=machine.workspace, variables=machine.variables)
        return Run(success=True, outputs=machine.stubs[job["uses"]](call), steps=[])
    known = {
        **contexts,
        "needs": {name: {"outputs": dict(ended[name].outputs)} for name in needs},
    }
    if not is_true(value_of(f"${{{{{job.get('if', 'true')}}}}}", known, PURE)):
        return None
    variables = {
        name: as_text(value_of(value, known, PURE))
        for name, value in {**env, **job.get("env", {})}.items()
    }
    runner = Runner(machine.with_env(variables), known, composite=False)
    steps = runner.run(job["steps"])
    outputs = {
        name: as_text(value_of(value, runner.contexts, PURE))
        for name, value in job.get("outputs", {}).items()
    }
    return Run(success=runner.success, outputs=outputs, steps=steps)
