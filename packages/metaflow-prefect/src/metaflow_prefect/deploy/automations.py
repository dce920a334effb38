"""The automations by which events start a deployment's runs, through Prefect's own client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, SyncPrefectClient
from prefect.events import DeploymentTriggerTypes
from prefect.events.schemas.automations import Automation, AutomationCore
from pydantic import TypeAdapter

from metaflow_prefect.deploy.description import TRIGGER_NAMES, automation_names
from metaflow_prefect.deploy.errors import tolerated
from metaflow_prefect.deploy.notices import is_notice

PAGE = 200  # automations in one answer of the server
# What users set in Prefect's pages, and what differs between any two automations.
THEIRS = {"id", "enabled", "tags", "owner_resource"}


async def put_automations(
    client: PrefectClient,
    deployment: UUID,
    triggers: Sequence[dict[str, Any]],
    notices: Sequence[AutomationCore] | None = None,
) -> None:
    """Bring the automations of a deployment up to date.

    One that is as it should be is left alone, and one that is changed stays paused if it is.
    Automations that users have added, whose names are not ours, are left alone too.

    Args:
        client: The connection to the server.
        deployment: The deployment's id.
        triggers: Its triggers with their names, in Prefect's own form.
        notices: Who is notified when its runs end; `None` leaves those as they are.
    """
    found = await client.read_resource_related_automations(f"prefect.deployment.{deployment}")
    wanted = [_automation(deployment, trigger) for trigger in _typed(triggers)]
    wanted += notices or []
    for one in wanted:
        for left in await client.read_automations_by_name(one.name):
            if all(left.id != known.id for known in found):
                # of an earlier deployment of that name, which somebody has deleted
                with tolerated(404):
                    await client.delete_automation(left.id)
    ours = [
        one
        for one in found
        if one.name.startswith(TRIGGER_NAMES) and not (notices is None and is_notice(one))
    ]
    created = set()
    for one in wanted:
        old = _take_like(one, ours, wanted)
        if old is None:
            await client.create_automation(one)
            created.add(one.name)
        elif _facts(old) != _facts(one):
            kept = {"enabled": old.enabled, "tags": old.tags}
            await client.update_automation(old.id, AutomationCore(**(_said(one) | kept)))
    for outdated in [*ours, *(await _made_twice(client, deployment, created))]:
        with tolerated(404):
            await client.delete_automation(outdated.id)


async def _made_twice(client: PrefectClient, deployment: UUID, names: set[str]) -> list[Automation]:
    """Return what is there once more because an answer was lost, and Prefect has asked again."""
    if not names:
        return []
    found = await client.read_resource_related_automations(f"prefect.deployment.{deployment}")
    known: set[str] = set()
    twice = []
    for one in found:
        if one.name in names & known:
            twice.append(one)
        known.add(one.name)
    return twice


def _take_like(
    wanted: AutomationCore, ours: list[Automation], all_wanted: Sequence[AutomationCore]
) -> Automation | None:
    """Take out the one of that name, or else one of its kind that nobody wants any more."""
    names = {one.name for one in all_wanted}
    alike = [one for one in ours if one.name == wanted.name]
    alike += [one for one in ours if one.name not in names and is_notice(one) == is_notice(wanted)]
    if not alike:
        return None
    ours.remove(alike[0])
    return alike[0]


def _typed(triggers: Sequence[dict[str, Any]]) -> list[DeploymentTriggerTypes]:
    return TypeAdapter(list[DeploymentTriggerTypes]).validate_python(triggers)


def _automation(deployment: UUID, trigger: DeploymentTriggerTypes) -> AutomationCore:
    trigger.set_deployment_id(deployment)
    return trigger.as_automation()


def delete_automations(client: SyncPrefectClient, deployment: UUID, full_name: str) -> None:
    """Delete our automations of a deployment, also those left of one of that name.

    Args:
        client: The connection to the server.
        deployment: The deployment's id.
        full_name: Its name, with the flow's.
    """
    found = client.read_resource_related_automations(f"prefect.deployment.{deployment}")
    ours = {one.id for one in found if one.name.startswith(TRIGGER_NAMES)}
    left = automation_names(full_name)
    ours |= {one.id for one in all_automations(client) if one.name.startswith(left)}
    for id_ in ours:
        with tolerated(404):
            client.delete_automation(id_)


def all_automations(client: SyncPrefectClient) -> Iterator[Automation]:
    """Read all automations of a server; Prefect's own method reads the first 200.

    Args:
        client: The connection to the server.
    """
    offset = 0
    while True:
        page = {"limit": PAGE, "offset": offset}
        answer = client.request("POST", "/automations/filter", json=page)
        found = TypeAdapter(list[Automation]).validate_python(answer.json())
        yield from found
        if len(found) < PAGE:
            return
        offset += PAGE


def _facts(automation: AutomationCore) -> Any:
    """Give what we say of an automation; the server gives each of its triggers an id."""
    return _without_ids(_said(automation))


def _said(automation: AutomationCore) -> dict[str, Any]:
    return automation.model_dump(mode="json", exclude=THEIRS)


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(one) for key, one in value.items() if key != "id"}
    return [_without_ids(one) for one in value] if isinstance(value, list) else value
