"""How a worker gets at a flow's code: the pull steps of a deployment."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from metaflow_prefect.errors import DeployProblem

SET_FOLDER = "prefect.deployments.steps.set_working_directory"
CLONE = "prefect.deployments.steps.git_clone"
CLONE_ID = "clone"  # by which a step refers to the folder of the clone


@dataclass(frozen=True)
class Checkout:
    """A folder of a git repository.

    Args:
        root: The repository's own folder.
        inside: The folder's place in the repository, with `/` between; empty for its root.
        remote: The URL of its remote `origin`, without any password.
        branch: The branch that is checked out, if one is.
    """

    root: Path
    inside: str
    remote: str
    branch: str | None


def folder_steps(folder: str) -> list[dict[str, Any]]:
    """Return pull steps that go to a folder of the worker's machine.

    Args:
        folder: Its path, or what Prefect makes one of.
    """
    return [{SET_FOLDER: {"directory": folder}}]


def clone_steps(checkout: Checkout, branch: str | None = None) -> list[dict[str, Any]]:
    """Return pull steps that clone a repository and go to a folder of it.

    Args:
        checkout: The folder.
        branch: The branch to clone; `None` is the remote's own choice.
    """
    clone = {"id": CLONE_ID, "repository": checkout.remote}
    if branch is not None:
        clone["branch"] = branch
    steps: list[dict[str, Any]] = [{CLONE: clone}]
    if checkout.inside:
        steps += folder_steps(f"{{{{ {CLONE_ID}.directory }}}}/{checkout.inside}")
    return steps


def checkout_of(folder: Path) -> Checkout:
    """Return what git says of a folder.

    Args:
        folder: The folder.

    Returns:
        Its place in the repository, and the repository's remote.

    Raises:
        DeployProblem: It is in no repository, or that has no remote that others can reach.
    """
    root = _git(folder, "rev-parse", "--show-toplevel")
    if root is None:
        raise DeployProblem(
            f"{folder} is in no git repository, so that nobody can clone it.",
            "Use --pull local, or run the command in a clone.",
        )
    # Not `git remote get-url`: it would put in what the user's own settings rewrite a URL to,
    # as with a token.
    remote = _git(folder, "config", "--get", "remote.origin.url")
    if remote is None:
        raise DeployProblem(
            f"The git repository {root} has no remote named origin.",
            "Add it, or use --pull local.",
        )
    inside = _git(folder, "rev-parse", "--show-prefix") or ""
    branch = _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    return Checkout(Path(root), inside.rstrip("/"), public_url(remote), branch)


def public_url(remote: str) -> str:
    """Return a remote's URL without what is secret in it.

    Args:
        remote: The URL, as git has it.

    Returns:
        The URL without password, token and query. The user of an SSH address stays.

    Raises:
        DeployProblem: It is a folder of this machine.
    """
    if "://" not in remote:
        host, colon, _ = remote.partition(":")
        if not colon or "/" in host:
            raise _not_remote(remote)
        return remote  # an address of SSH, which has no place for a password
    parts = urlsplit(remote)
    if parts.scheme == "file":
        raise _not_remote(remote)
    user, at, host = parts.netloc.rpartition("@")
    shown = f"{user.partition(':')[0]}{at}" if parts.scheme in ("ssh", "git+ssh") else ""
    return urlunsplit((parts.scheme, f"{shown}{host}", parts.path, "", ""))


def _not_remote(remote: str) -> DeployProblem:
    return DeployProblem(
        f"The remote origin is a folder of this machine ({remote}).",
        "Give the repository a remote that workers can reach, or use --pull local.",
    )


def _git(folder: Path, *words: str) -> str | None:
    """Return what a git command prints; `None` if it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )
    except FileNotFoundError as error:
        raise DeployProblem("git is not installed.", "Install it, or use --pull local.") from error
    return done.stdout.rstrip("\n") if done.returncode == 0 else None
