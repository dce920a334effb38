"""What Argo Workflows' commands and methods are called with us, as our documents have it."""

import inspect
import json
import re
import warnings
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.events import ReceivedEvent

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Metaflow's of its own dependencies
    from metaflow import current
    from metaflow.events import Trigger
    from metaflow.plugins.argo.argo_workflows_cli import argo_workflows
    from metaflow.plugins.argo.argo_workflows_decorator import ArgoWorkflowsInternalDecorator
    from metaflow.plugins.argo.argo_workflows_deployer_objects import (
        ArgoWorkflowsDeployedFlow,
        ArgoWorkflowsTriggeredRun,
    )
    from metaflow_prefect.cli import COMMANDS
    from metaflow_prefect.commands.group import prefect
    from metaflow_prefect.deployer import PrefectDeployedFlow, PrefectTriggeredRun
    from metaflow_prefect.runtime.flow_run.trigger import _as_metaflow

ROOT = Path(__file__).parents[3]
LOCAL = {"run"}  # a command of ours that is about no deployment


def table(document: str, heading: str) -> list[tuple[str, str]]:
    """The first two columns of the table with a heading, each without its quotes."""
    text = (ROOT / document).read_text(encoding="utf-8")
    rows = text.partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    cells = [row.strip("|").split("|")[:2] for row in rows]
    return [(first.strip().strip("`"), second.strip()) for first, second in cells]


def public(kind: Any) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_") and name != "TYPE"}


def arguments(method: Any) -> list[str]:
    """Its arguments' names; any name that is passed on to a command counts as that command's."""
    known = inspect.signature(method).parameters if callable(method) else {}
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [name for name, one in known.items() if one.kind not in kinds]


def flags(command: Any) -> set[str]:
    return {flag for option in command.params for flag in option.opts} | {
        option.name for option in command.params if option.param_type_name == "argument"
    }


def test_each_command_has_its_like() -> None:
    assert COMMANDS
    rows = table("README.md", "| Of Argo Workflows | Of Prefect | What it does |")
    theirs = {name for name, command in argo_workflows.commands.items() if not command.hidden}
    assert {first for first, _ in rows if first} == theirs
    ours = {second.strip("`").split()[0] for _, second in rows}
    assert ours == set(prefect.commands) - LOCAL
    for first, second in rows:
        if first and first != "create":  # whose options have a table of their own
            theirs_flags = flags(argo_workflows.commands[first])
            assert theirs_flags <= flags(prefect.commands[second.strip("`")]), first


@pytest.mark.parametrize(
    ("kind", "argo", "ours"),
    [
        ("DeployedFlow", ArgoWorkflowsDeployedFlow, PrefectDeployedFlow),
        ("TriggeredRun", ArgoWorkflowsTriggeredRun, PrefectTriggeredRun),
    ],
)
def test_each_method_has_its_like(kind: str, argo: Any, ours: Any) -> None:
    rows = table("docs/from-argo-workflows.md", "| Of Argo Workflows, in Python | Of Prefect |")
    prefix = f"{kind}."
    first = {row[0].removeprefix(prefix) for row in rows if row[0].startswith(prefix)}
    second = {row[1].strip("`").removeprefix(prefix) for row in rows if prefix in row[1]}
    assert first == public(argo)
    assert second == public(ours)
    assert first <= second
    for name in first:
        theirs, own = (inspect.getattr_static(of, name) for of in (argo, ours))
        assert type(theirs) is type(own), name
        assert set(arguments(getattr(argo, name))) <= set(arguments(getattr(ours, name))), name


def test_each_option_of_create_has_its_like() -> None:
    rows = table("docs/from-argo-workflows.md", "| `argo-workflows create` | `prefect create` |")
    theirs = {option.opts[0] for option in argo_workflows.commands["create"].params}
    assert {first for first, _ in rows if first != "none"} == theirs
    ours = {flag for option in prefect.commands["create"].params for flag in option.opts}
    named = {flag for _, second in rows for flag in re.findall(r"`(--[a-z-]+)", second)}
    assert named <= ours


def told_by_argo(monkeypatch: pytest.MonkeyPatch, kind: str, facts: dict[str, Any]) -> Trigger:
    """`current.trigger` as Argo's own decorator of steps fills it."""
    found: dict[str, Trigger] = {}
    monkeypatch.setattr(current, "_update_env", found.update)
    noted: dict[str, str] = {}

    def note(*arguments: Any) -> None:
        noted.update({entry.field: entry.value for entry in arguments[-1]})

    for name in ("WORKFLOW_TEMPLATE", "WORKFLOW_NAME", "WORKFLOW_NAMESPACE"):
        monkeypatch.setenv(f"ARGO_{name}", "a")
    monkeypatch.setenv("METAFLOW_OWNER", "a")
    monkeypatch.setenv(f"METAFLOW_ARGO_EVENT_PAYLOAD_{kind}_0", json.dumps(facts))
    metadata, graph = SimpleNamespace(register_metadata=note), SimpleNamespace(start_step="start")
    step = ("start", None, metadata, "run", "task", None, graph, 0, 0, None, None)
    ArgoWorkflowsInternalDecorator().task_pre_step(*step)
    assert Trigger(json.loads(noted["execution-triggers"])).events == found["trigger"].events
    return found["trigger"]


def test_current_trigger_is_filled_as_by_argo(monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 1, 2, tzinfo=timezone.utc)
    flow = {
        "prefect.resource.id": "prefect.flow.1",
        "prefect.resource.role": "flow",
        "prefect.resource.name": "UpFlow",
    }

    def event(name: str, resource: str, **more: Any) -> ReceivedEvent:
        about = {"prefect.resource.id": resource}
        facts = {"occurred": at, "received": at, "event": name, "resource": about}
        return ReceivedEvent.model_validate(facts | more)

    events = {
        "event": event("data", "a", payload={"x": 1}),
        "run": event("prefect.flow-run.Completed", "prefect.flow-run.7", related=[flow]),
    }
    for kind, received in events.items():
        ours = _as_metaflow(received)
        facts = {"name": ours["name"], "id": ours["id"], "timestamp": int(at.timestamp())}
        argo = told_by_argo(monkeypatch, kind, {**facts, "payload": {"x": 1}})
        assert Trigger([ours]).events == argo.events
        monkeypatch.delenv(f"METAFLOW_ARGO_EVENT_PAYLOAD_{kind}_0")
    assert ours["id"] == "UpFlow/prefect-7/end"
    assert ours["name"] == "metaflow.UpFlow.end"
