"""What has triggered a flow run: the events or runs of Metaflow's `current.trigger`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from prefect import get_client, get_run_logger
from prefect.client.orchestration import SyncPrefectClient
from prefect.context import FlowRunContext
from prefect.events import ReceivedEvent, ResourceSpecification
from prefect.events.filters import (
    EventFilter,
    EventIDFilter,
    EventNameFilter,
    EventOccurredFilter,
    EventRelatedFilter,
)
from prefect.exceptions import PrefectException

from ..facts import RUN_PREFIX

TRIGGER_VARIABLE = "METAFLOW_PREFECT_TRIGGER"
EXECUTED = "prefect.automation.action.executed"
COMPLETED = "prefect.flow-run.Completed"
# The server stores events some seconds after they have happened.
STORED_SECONDS = 30.0
TRIGGER_POLL = 1.0


def note_triggers(kept: Mapping[str, Any]) -> None:
    """Tell all processes of this run what has set it off, if an automation has.

    Args:
        kept: What the deployment keeps: the `events` and the `upstream` flows that it
            waits for.
    """
    import httpx

    os.environ.pop(TRIGGER_VARIABLE, None)
    context = FlowRunContext.get()
    flow_run = context.flow_run if context else None
    if flow_run is None or (not kept.get("events") and not kept.get("upstream")):
        return
    if not (flow_run.idempotency_key or "").startswith("automation "):
        return
    try:
        with get_client(sync_client=True) as client:
            found = list(_triggers(client, str(flow_run.id), kept))
    except (httpx.HTTPError, PrefectException) as error:
        found = []
        get_run_logger().warning("Cannot tell what triggered this run: %s", error)
    if found:
        os.environ[TRIGGER_VARIABLE] = json.dumps(found)


def _triggers(
    client: SyncPrefectClient, flow_run_id: str, kept: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Find the event that set a flow run off, and those that had happened before."""
    last = _last_event(client, flow_run_id)
    if last is None:
        get_run_logger().warning("Cannot tell what triggered this run.")
        return
    yield _as_metaflow(last)
    before = EventOccurredFilter(until=last.occurred)
    if last.event != COMPLETED:
        for name in kept.get("events", ()):
            if name != last.event:
                chosen = EventFilter(event=EventNameFilter(name=[name]))
                yield from _latest(client, chosen, before)
        return
    flow = _related(last, "flow").get("prefect.resource.name")
    for name in kept.get("upstream", ()):
        if name != flow:
            labels = {"prefect.resource.role": "flow", "prefect.resource.name": name}
            related = EventRelatedFilter(labels=ResourceSpecification(labels))
            chosen = EventFilter(
                event=EventNameFilter(name=[COMPLETED]), related=related
            )
            yield from _latest(client, chosen, before)


def _last_event(client: SyncPrefectClient, flow_run_id: str) -> ReceivedEvent | None:
    """Return the event that made an automation start a flow run."""
    started = EventRelatedFilter(id=[f"prefect.flow-run.{flow_run_id}"])
    action = EventFilter(event=EventNameFilter(name=[EXECUTED]), related=started)
    end = time.monotonic() + STORED_SECONDS
    while True:
        for event in client.read_events(action, limit=1).events:
            resource = _related(event, "triggering-event")["prefect.resource.id"]
            id_ = resource.removeprefix("prefect.event.")
            chosen = EventFilter(id=EventIDFilter.model_validate({"id": [id_]}))
            for found in client.read_events(chosen, limit=1).events:
                return found
        if time.monotonic() > end:
            return None
        time.sleep(TRIGGER_POLL)


def _latest(
    client: SyncPrefectClient, chosen: EventFilter, before: EventOccurredFilter
) -> Iterator[dict[str, Any]]:
    chosen = chosen.model_copy(update={"occurred": before})
    for event in client.read_events(chosen, limit=1).events:
        yield _as_metaflow(event)


def _related(event: ReceivedEvent, role: str) -> Mapping[str, str]:
    for resource in event.related:
        if resource.role == role:
            return resource.root
    return {}


def _as_metaflow(event: ReceivedEvent) -> dict[str, Any]:
    """Describe an event as Metaflow's schedulers do; a run's names its end step."""
    occurred: datetime = event.occurred
    facts: dict[str, Any] = {"timestamp": int(occurred.timestamp())}
    flow = _related(event, "flow").get("prefect.resource.name")
    if event.event != COMPLETED or flow is None:
        return {**facts, "type": "event", "name": event.event, "id": str(event.id)}
    run_id = event.resource.id.removeprefix("prefect.flow-run.")
    return {
        **facts,
        "type": "run",
        "name": f"metaflow.{flow}.end",
        "id": f"{flow}/{RUN_PREFIX}{run_id}/end",
    }
