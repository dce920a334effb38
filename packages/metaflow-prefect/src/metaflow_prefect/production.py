"""Metaflow's production tokens: the namespace of a deployment's runs, and who may replace it.

As Metaflow's own deployers do, a deployment is given a token when it is first made. Metaflow
tags its runs `production:TOKEN`. Whoever has not made the deployment needs the token to make
it again.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace

from metaflow.plugins.aws.step_functions.production_token import (
    load_token,
    new_token,
    store_token,
)
from metaflow.util import get_username

from metaflow_prefect.deployment import DeploymentFacts, Description, Production, full_name
from metaflow_prefect.errors import DeployProblem, UsageProblem

NAMESPACE = "production:"


@dataclass(frozen=True, kw_only=True)
class TokenChoice:
    """What the user says about the token.

    Args:
        authorize: The token of a deployment that somebody else has made.
        given: The token that it is to have.
        generate: Whether it is to have another one than it has.
    """

    authorize: str | None = None
    given: str | None = None
    generate: bool = False


def with_first_token(described: Description, facts: DeploymentFacts) -> Description:
    """Give a description the token that its deployment has when it is first made.

    Args:
        described: The description.
        facts: What the flow's decorators say.
    """
    return replace(described, token=new_token(_prefix(described.name, described, facts)))


def choose_token(
    name: str,
    described: Description,
    facts: DeploymentFacts,
    found: Production | None,
    choice: TokenChoice,
) -> Production:
    """Decide on the token of a deployment, and remember it for this user.

    Args:
        name: The deployment's name, without the flow's.
        described: What its flow says of it.
        facts: What the flow's decorators say.
        found: The token of the deployment that is there, if there is one.
        choice: What the user says.

    Returns:
        The token, with the user at hand as the owner.

    Raises:
        DeployProblem: Somebody else has made the deployment, and the user lacks its token; or
            the token cannot be remembered.
        UsageProblem: The user's choice makes no sense.
    """
    prefix = _prefix(name, described, facts)
    try:
        if found is not None:
            _authorize(full_name(described.flow, name), prefix, found, choice.authorize)
        token = _token(prefix, found, choice, is_project=facts.project is not None)
        store_token(prefix, token)
    except (OSError, ValueError) as error:
        raise DeployProblem(
            f"The production token cannot be kept: {error}.",
            "Set METAFLOW_TOKEN_HOME to a folder for such tokens.",
        ) from error
    return Production(token=token, owner=get_username())


def _authorize(full_name: str, prefix: str, found: Production, authorize: str | None) -> None:
    known = load_token(prefix) if authorize is None else authorize.removeprefix(NAMESPACE)
    if found.owner in (None, get_username()) or known == found.token:
        return
    raise DeployProblem(
        f"{full_name} was deployed by {found.owner}.",
        "Ask them for its production token, and give it by --authorize TOKEN.",
    )


def _token(prefix: str, found: Production | None, choice: TokenChoice, *, is_project: bool) -> str:
    if choice.given is not None:
        if is_project:
            raise UsageProblem(
                "The flows of a @project have a common token, so --new-token cannot set it.",
                "Use --generate-new-token.",
            )
        return choice.given.removeprefix(NAMESPACE)
    if found is not None and not choice.generate:
        return found.token
    token: str | None = new_token(prefix, found.token if found else None)
    if token is None:
        raise UsageProblem(
            "After --new-token there is no next token to generate.", "Use --new-token again."
        )
    return token


def _prefix(name: str, described: Description, facts: DeploymentFacts) -> str:
    """Return what Metaflow's deployers begin the token with, and name its file after."""
    if facts.project is not None:
        digest = hashlib.sha1(described.name.encode(), usedforsecurity=False).digest()
        return f"mfprj-{base64.b32encode(digest).decode()[:16]}".lower()
    return (described.flow if name == described.name else name).lower()
