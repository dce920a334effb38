"""Metaflow's production tokens: the namespace of a deployment's runs, and who may replace it.

As Metaflow's own deployers do, a deployment is given a token when it is first made. Metaflow
tags its runs `production:TOKEN`. Whoever has not made the deployment needs the token to make
it again.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from metaflow.exception import MetaflowTaggingError
from metaflow.plugins.aws.step_functions.production_token import (
    load_token,
    new_token,
    store_token,
)
from metaflow.tagging_util import validate_tag
from metaflow.util import get_username

from metaflow_prefect.deploy.description import DEFAULT_NAME, Description, Production, full_name
from metaflow_prefect.deploy.known import Known
from metaflow_prefect.errors import DeployProblem, OperationProblem, UsageProblem
from metaflow_prefect.model import DeploymentFacts

NAMESPACE = "production:"
GENERATED = re.compile(r"(.+)-\d+-[a-z]{4}")  # a token that Metaflow has made, with its prefix
PREFIX_LENGTH = 100  # in characters; files cannot have names of any length


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
    """Decide on the token of a deployment.

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
            what the user has of it cannot be read.
        UsageProblem: The user's choice makes no sense.
    """
    prefix = _prefix(name, described, facts)
    if found is not None:
        _authorize(full_name(described.flow, name), prefix, found, choice.authorize)
    token = _token(prefix, found, choice, is_project=facts.project is not None)
    return Production(token=token, owner=get_username())


def check_authorized(
    deployment: Known, authorize: str | None, what: str, user: str | None = None
) -> None:
    """Refuse a user who has neither made a deployment nor knows its production token.

    Args:
        deployment: The deployment.
        authorize: The token that the user gives, if any.
        what: What is to be done to it, as `delete`.
        user: The user; `None` is the one at hand.

    Raises:
        OperationProblem: The user lacks the token.
    """
    if deployment.production is None:
        return
    record = deployment.record
    usual = ".".join(part for part in (record.project, record.branch) if part) or DEFAULT_NAME
    prefix = token_prefix(
        deployment.flow, deployment.name, usual, is_project=record.project is not None
    )
    if not _is_authorized(prefix, deployment.production, authorize, user):
        raise OperationProblem(
            f"Incorrect production token: {deployment.full_name} was deployed by "
            f"{deployment.production.owner}; to {what} it, you need the token that they used.",
            "Ask them for it, and give it by --authorize TOKEN.",
        )


def remember_token(
    name: str, described: Description, facts: DeploymentFacts, production: Production
) -> None:
    """Keep the token of a deployment for this user, once it is deployed.

    Args:
        name: The deployment's name, without the flow's.
        described: What its flow says of it.
        facts: What the flow's decorators say.
        production: The token.

    Raises:
        DeployProblem: It cannot be kept.
    """
    with _told():
        store_token(_prefix(name, described, facts), production.token)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise DeployProblem(
            f"The production token cannot be kept: {error}.",
            "Set METAFLOW_TOKEN_HOME to a folder for such tokens.",
        ) from error


def _authorize(deployment: str, prefix: str, found: Production, authorize: str | None) -> None:
    if not _is_authorized(prefix, found, authorize):
        raise DeployProblem(
            f"{deployment} was deployed by {found.owner}.",
            "Ask them for its production token, and give it by --authorize TOKEN.",
        )


def _is_authorized(
    prefix: str, found: Production, authorize: str | None, user: str | None = None
) -> bool:
    if found.owner in (None, user or get_username()):
        return True
    with _told():
        known = load_token(prefix) if authorize is None else authorize.removeprefix(NAMESPACE)
    return bool(known == found.token)


def _token(prefix: str, found: Production | None, choice: TokenChoice, *, is_project: bool) -> str:
    if choice.given is not None:
        if is_project:
            raise UsageProblem(
                "The flows of a @project have a common token, so --new-token cannot set it.",
                "Use --generate-new-token.",
            )
        return _checked(choice.given.removeprefix(NAMESPACE))
    if found is not None and not choice.generate:
        return found.token
    made = GENERATED.fullmatch(found.token) if found is not None else None
    following = new_token(made[1], made[0]) if made is not None else None
    token: str = following or new_token(prefix)  # one that a user has given has none after it
    return token


def _checked(token: str) -> str:
    remedy = "Give another one by --new-token."
    if not token.strip():
        raise UsageProblem("A production token cannot be empty.", remedy)
    if "{{" in token:
        raise UsageProblem("Prefect would read this production token as a template.", remedy)
    try:
        validate_tag(f"{NAMESPACE}{token}")
    except MetaflowTaggingError as error:
        raise UsageProblem(
            f"Metaflow cannot tag runs with the production token: {error}.", remedy
        ) from error
    return token


def _prefix(name: str, described: Description, facts: DeploymentFacts) -> str:
    is_project = facts.project is not None
    return token_prefix(described.flow, name, described.name, is_project=is_project)


def token_prefix(flow: str, name: str, usual: str, *, is_project: bool) -> str:
    """Return what the token begins with, as of Metaflow's deployers, and its file is named.

    Without a dot it is never one of Metaflow's own files in that folder, such as `config.json`.

    Args:
        flow: The name of the deployment's flow.
        name: The deployment's own name.
        usual: The name that it has where the user gives none.
        is_project: Whether the flow has a project, whose flows have a common token.
    """
    if is_project:
        return f"mfprj-{_digest(usual)}"
    whole = (flow if name == usual else f"{flow}-{name}").lower()
    safe = re.sub(r"[^a-z0-9_-]", "-", whole)[:PREFIX_LENGTH]
    return safe if safe == whole else f"{safe}-{_digest(whole)}"


def _digest(text: str) -> str:
    digest = hashlib.sha1(text.encode(errors="replace"), usedforsecurity=False).digest()
    return base64.b32encode(digest).decode()[:16].lower()
