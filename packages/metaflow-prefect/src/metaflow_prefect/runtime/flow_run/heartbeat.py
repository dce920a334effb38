"""Heartbeats of a flow run, by which Prefect's server knows that its process lives."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from prefect import __version__
from prefect.client.schemas.objects import FlowRun
from prefect.events import emit_event
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

HEARTBEAT = "prefect.flow-run.heartbeat"


class Heartbeats:
    """Sends the heartbeats of a flow run as Prefect does, where that is left to it.

    Prefect's own thread for them sleeps for a second at a time, and a run that has
    ended waits for it: half a second on average.

    Args:
        flow_run: The flow run.
        flow: The name of its flow.
    """

    seconds: ClassVar[int | None] = None  # between two; None where Prefect sends them

    @classmethod
    def take_over(cls) -> dict[Any, Any]:
        """Return the setting with which Prefect sends none in this process."""
        cls.seconds = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()
        return {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}

    def __init__(self, flow_run: FlowRun, flow: str) -> None:
        self._resource = {
            "prefect.resource.id": f"prefect.flow-run.{flow_run.id}",
            "prefect.resource.name": flow_run.name,
            "prefect.version": __version__,
        }
        self._related = [
            {
                "prefect.resource.id": f"prefect.flow.{flow_run.flow_id}",
                "prefect.resource.role": "flow",
                "prefect.resource.name": flow,
            }
        ]
        for tag in sorted(set(flow_run.tags)):
            id_ = f"prefect.tag.{tag}"
            self._related.append(
                {"prefect.resource.id": id_, "prefect.resource.role": "tag"}
            )
        self._due = 0.0

    def send_if_due(self) -> None:
        """Send one, if it is time."""
        if self.seconds is None or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self.seconds
        emit_event(HEARTBEAT, resource=self._resource, related=self._related)
