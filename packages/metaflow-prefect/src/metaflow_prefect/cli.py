"""The commands that Metaflow finds, all of them registered."""

from __future__ import annotations

from metaflow_prefect.commands import create, deployments, local, runs, trigger
from metaflow_prefect.commands.group import cli

COMMANDS = (create, trigger, deployments, runs, local)

__all__ = ["COMMANDS", "cli"]
