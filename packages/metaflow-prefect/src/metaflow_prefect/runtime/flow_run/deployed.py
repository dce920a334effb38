"""What the deployment of a flow run says about it, beside the generated file.

A deployment keeps that in a variable of its runs' environment, so that deployments
which share a generated file never touch each other.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

from ..facts import MetaflowFlow

DEPLOYMENT_VARIABLE = "METAFLOW_PREFECT_DEPLOYMENT"
RESUME_VARIABLE = "METAFLOW_PREFECT_RESUME"
SAID = ("options", "run_options", "configs")


def kept_for(facts: MetaflowFlow) -> dict[str, Any]:
    """Return what the deployment of this flow keeps; nothing without a deployment.

    A step may run another flow, which is not the one that was deployed.
    """
    kept = json.loads(os.environ.get(DEPLOYMENT_VARIABLE) or "{}")
    return kept if kept.get("flow") == facts.name else {}


def facts_as_deployed(facts: MetaflowFlow) -> MetaflowFlow:
    """Return a flow's facts with what its deployment says instead.

    Args:
        facts: The flow, as the generated file has it.
    """
    kept = kept_for(facts)
    return replace(facts, **{name: kept[name] for name in SAID if name in kept})


def command_as_deployed(facts: MetaflowFlow, parameters: list[str]) -> list[str]:
    """Return the Metaflow command of a deployed run: `run`, or `resume` if asked for.

    Args:
        facts: The flow, as its deployment has it.
        parameters: The words of the run's parameters; a resumed run has its origin's.
    """
    origin = os.environ.get(RESUME_VARIABLE) if kept_for(facts) else None
    if not origin:
        return ["run", *facts.run_options, *parameters]
    run_id, _, step = origin.partition("/")
    words = ["resume", "--origin-run-id", run_id, *facts.run_options]
    return [*words, step] if step else words
