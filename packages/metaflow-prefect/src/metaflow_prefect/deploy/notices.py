"""Notifications of how runs of a deployment end, by Prefect's own automations and blocks."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from prefect.blocks.notifications import SlackWebhook
from prefect.client.orchestration import PrefectClient
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from metaflow_prefect.deploy.description import automation_names
from metaflow_prefect.errors import DeployProblem

SLACK_BLOCK = "metaflow-slack"  # how the names of the blocks begin that we make
ENDS = {
    "error": ("fails", ("prefect.flow-run.Failed", "prefect.flow-run.Crashed")),
    "success": ("completes", ("prefect.flow-run.Completed",)),
}
BODY = "Run {{ flow_run.name }} is {{ flow_run.state.name }}: {{ flow_run.state.message }}\n"
LINK = "{{ flow_run|ui_url }}"


@dataclass(frozen=True, kw_only=True)
class Notices:
    """Who is notified when runs end.

    Args:
        on: Of which ends: "error", "success".
        block: The notification block of Prefect, as `slack-webhook/name`.
        slack_url: The webhook of a Slack channel, for which a block is made.
    """

    on: tuple[str, ...] = ()
    block: str | None = None
    slack_url: str | None = None


async def notifications(
    client: PrefectClient, deployment: UUID, full_name: str, notices: Notices
) -> list[AutomationCore]:
    """Return the automations that notify when a deployment's runs end.

    Args:
        client: The connection to the server.
        deployment: The deployment's id.
        full_name: Its name, with the flow's.
        notices: Who is notified of what.

    Raises:
        DeployProblem: The server does not have the block.
    """
    if not notices.on:
        return []
    block = await _block(client, deployment, notices)
    resource = f"prefect.deployment.{deployment}"
    made = []
    for kind in notices.on:
        verb, events = ENDS[kind]
        related: dict[str, str | list[str]] = {
            "prefect.resource.role": "deployment",
            "prefect.resource.id": resource,
        }
        made.append(
            AutomationCore(
                name=f"{automation_names(full_name)}it {verb}: notify",
                trigger=EventTrigger(
                    expect=set(events),
                    match_related=ResourceSpecification(related),
                    posture=Posture.Reactive,
                    threshold=1,
                ),
                actions=[
                    SendNotification(
                        block_document_id=block,
                        subject=f"{full_name} {verb}",
                        body=f"{BODY}{LINK}",
                    )
                ],
                owner_resource=resource,
            )
        )
    return made


def is_notice(automation: AutomationCore) -> bool:
    """Return whether an automation of ours notifies somebody, rather than starts a run.

    Args:
        automation: The automation.
    """
    return any(isinstance(action, SendNotification) for action in automation.actions)


async def _block(client: PrefectClient, deployment: UUID, notices: Notices) -> UUID:
    if notices.slack_url is not None:
        block = SlackWebhook(url=SecretStr(notices.slack_url))
        return UUID(
            str(await block.asave(f"{SLACK_BLOCK}-{deployment}", overwrite=True, client=client))
        )
    kind, slash, name = (notices.block or "").partition("/")
    try:
        found = await client.read_block_document_by_name(name, kind) if slash else None
    except ObjectNotFound:
        found = None
    if found is None:
        raise DeployProblem(
            f"The server has no notification block {notices.block!r}.",
            "Give it as TYPE/NAME, as slack-webhook/on-call; `prefect block ls` lists them.",
        )
    return found.id
