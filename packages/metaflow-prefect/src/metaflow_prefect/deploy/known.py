"""A deployment of ours, as the server has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from metaflow_prefect.deploy.description import Production, full_name
from metaflow_prefect.deploy.names import known_as
from metaflow_prefect.deploy.record import Record


@dataclass(frozen=True, kw_only=True)
class Known:
    """A deployment of ours, as the server has it.

    Args:
        id: Its id.
        flow: The name of its flow.
        name: Its own name.
        record: What it keeps about itself.
        production: Its production token and its owner, if it has a token.
        parameters: The parameters that its runs have where nothing else is said.
        schema: The parameters that it takes, as JSON Schema has them.
        environment: The variables of its runs' environment.
    """

    id: UUID
    flow: str
    name: str
    record: Record
    production: Production | None
    parameters: Mapping[str, Any]
    schema: Mapping[str, Any]
    environment: Mapping[str, Any]

    @property
    def full_name(self) -> str:
        """The name by which Prefect knows it: flow and deployment."""
        return full_name(self.flow, self.name)

    @property
    def known_as(self) -> str:
        """The name by which Metaflow's `Deployer` knows it."""
        return known_as(self.flow, self.name, self.record.project, self.record.branch)

    def arguments_of(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters by their names in Prefect.

        Args:
            given: Values by the parameters' names in Metaflow, also with `_` for `-`. One that
                is `None` counts as not given.
        """
        written = {name.replace("-", "_"): name for name in self.record.renamed}
        found = {}
        for name, value in given.items():
            metaflow = written.get(name, name)
            if value is not None:
                found[self.record.renamed.get(metaflow, metaflow)] = value
        return found
