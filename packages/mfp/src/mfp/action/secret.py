"""What must be shown nowhere, though an error of somebody else's may have it."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import click

from mfp.action.inputs import PREFIX
from mfp.action.workflow_commands import data

KEYS = ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING")
ADDRESS = "PREFECT_API_URL"


def secrets_of(variables: Mapping[str, str]) -> list[str]:
    """Give what must not be shown.

    Args:
        variables: The environment, before or after the inputs are put where Prefect reads them.

    Returns:
        The secrets, the longest first, so that none hides a part of another.
    """
    found = {variables.get(prefix + name, "").strip() for name in KEYS for prefix in ("", PREFIX)}
    for prefix in ("", PREFIX):
        user, at, _ = _place(variables.get(prefix + ADDRESS, "")).rpartition("@")
        found |= {user, user.partition(":")[2]} if at else set()
    return sorted(found - {""}, key=len, reverse=True)


def mask(secrets: Sequence[str]) -> None:
    """Have the runner hide secrets in all that the job prints from now on."""
    for secret in secrets:
        click.echo(f"::add-mask::{data(secret)}")


def hidden(text: str, secrets: Sequence[str]) -> str:
    """Give a text without the secrets that are in it."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _place(address: str) -> str:
    try:
        return urlsplit(address.strip()).netloc
    except ValueError:  # it is no address: what is wrong with it is told where it is used
        return address
