"""The automations by which events start a deployment's runs, through Prefect's own client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.events import DeploymentTriggerTypes
from prefect.events.schemas.automations import Automation, AutomationCore
from pydantic import TypeAdapter

from metaflow_prefect.deploy.description import TRIGGER_NAMES

# What users set in Prefect's pages, and what differs between any two automations.
THEIRS = {"id", "enabled", "tags", "owner_resource"}


async def put_automations(
    client: PrefectClient, deployment: UUID, triggers: Sequence[dict[str, Any]]
) -> None:
    """Bring the automations of a deployment up to date.

    One that is as it should be is left alone, and one that is changed stays paused if it is.
    Automations that users have added, whose names are not ours, are left alone too.

    Args:
        client: The connection to the server.
        deployment: The deployment's id.
        triggers: Its triggers with their names, in Prefect's own form.
    """
    found = await client.read_resource_related_automations(f"prefect.deployment.{deployment}")
    ours: dict[str, list[Automation]] = {}
    for automation in found:
        if automation.name.startswith(TRIGGER_NAMES):
            ours.setdefault(automation.name, []).append(automation)
    for trigger in TypeAdapter(list[DeploymentTriggerTypes]).validate_python(triggers):
        trigger.set_deployment_id(deployment)
        wanted = trigger.as_automation()
        same_name = ours.get(wanted.name)
        if not same_name:
            await client.create_automation(wanted)
            continue
        old = same_name.pop(0)
        if _facts(old) != _facts(wanted):
            kept = {"enabled": old.enabled, "tags": old.tags}
            new = AutomationCore(**(_said(wanted) | kept))
            await client.update_automation(old.id, new)
    for left in ours.values():
        for automation in left:
            await client.delete_automation(automation.id)


def _facts(automation: AutomationCore) -> Any:
    """Give what we say of an automation; the server gives each of its triggers an id."""
    return _without_ids(_said(automation))


def _said(automation: AutomationCore) -> dict[str, Any]:
    return automation.model_dump(mode="json", exclude=THEIRS)


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(one) for key, one in value.items() if key != "id"}
    return [_without_ids(one) for one in value] if isinstance(value, list) else value
