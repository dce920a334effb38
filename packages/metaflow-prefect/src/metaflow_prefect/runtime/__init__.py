"""What runs a generated file: held in it, or imported by it from here.

A generated file either holds the text of these modules under its own part: first the
loader, then the Metaflow side, which runs in processes of its own and imports Metaflow,
then the Prefect side, which runs where Prefect runs the flow. It begins with the names
of Metaflow's side there, so every top-level name is unique over all of them. Or it
imports the names below from here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .early import start_early

if TYPE_CHECKING:
    from .facts import MetaflowFlow, Step
    from .flow_run.command import main
    from .flow_run.engine import run_flow

__all__ = ["MetaflowFlow", "Step", "main", "run_flow", "start_early"]

LOADER = "loader"
METAFLOW_SIDE = (
    "channel",
    "facts",
    "versions",
    "host.triggers",
    "host.script",
    "host.inherited",
    "host.metadata_files",
    "host.definitions",
    "host.fork_server",
    "host.template",
    "host.warm",
    "host.launch",
    "host.worker",
    "host.outcome",
    "host.code",
    "host.origin",
    "host.flow_facts",
    "host.inbox",
    "host.tasks",
    "host.service",
    "host.native",
    "host.side",
)
PREFECT_SIDE = (
    "start",
    "flow_run.deployed",
    "flow_run.variables",
    "flow_run.scheduler",
    "flow_run.host_client",
    "flow_run.tracebacks",
    "flow_run.step_lines",
    "flow_run.markdown",
    "flow_run.states",
    "flow_run.failure_report",
    "flow_run.run_summary",
    "flow_run.naming",
    "flow_run.artifacts",
    "flow_run.shipper",
    "flow_run.log_records",
    "flow_run.logs",
    "flow_run.placed",
    "flow_run.worker_engines",
    "flow_run.runner_choice",
    "flow_run.shared_calls",
    "flow_run.worker_places",
    "flow_run.placing",
    "flow_run.steps",
    "flow_run.step_engine",
    "flow_run.taskruns",
    "flow_run.heartbeat",
    "flow_run.watch",
    "flow_run.trigger",
    "flow_run.values",
    "flow_run.staleness",
    "flow_run.run_loop",
    "flow_run.engine",
    "flow_run.resume",
    "flow_run.server",
    "flow_run.options",
    "flow_run.command",
)
# Imported when asked for: Metaflow's processes must not import Prefect, and a generated
# file has them started before it does so itself.
_MODULES = {
    "MetaflowFlow": ".facts",
    "Step": ".facts",
    "main": ".flow_run.command",
    "run_flow": ".flow_run.engine",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name], __name__), name)
