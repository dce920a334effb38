"""How a worker gets at a flow's code: the pull steps of a deployment."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from metaflow_prefect.errors import DeployProblem

Json: TypeAlias = dict[str, Any]

SET_FOLDER = "prefect.deployments.steps.set_working_directory"
SHELL = "prefect.deployments.steps.run_shell_script"
# The Python of the process that takes the steps, which need not be the one on the PATH. Its
# command line begins with it; where that cannot be read (not Linux), `ps` knows it.
THIS_PYTHON = (
    "$({ tr '\\0' '\\n' < /proc/$PPID/cmdline || ps -o command= -p $PPID | tr ' ' '\\n'; }"
    " 2>/dev/null | head -n 1)"
)
PROGRAM_VARIABLE = "METAFLOW_PREFECT_PROGRAM"
CODE_VARIABLE = "METAFLOW_PREFECT_CODE"
CODE_ID = "code"  # by which a step refers to the folder that was found
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


def folder_steps(folder: str) -> list[Json]:
    """Return pull steps that go to a folder of the worker's machine.

    Args:
        folder: Its path, or what Prefect makes one of.
    """
    return [{SET_FOLDER: {"directory": folder}}]


def code_steps(code: Mapping[str, Any], entrypoint: str) -> list[Json]:
    """Return pull steps that go to where a flow's code is, or say in one line that it is not there.

    Args:
        code: Its `folder` on the worker's machine, or its `package` in Metaflow's datastore.
        entrypoint: The generated file there and its function, as `a_prefect.py:a`.

    Raises:
        DeployProblem: Prefect would take a part of a name for a placeholder of its own.
    """
    described = json.dumps({**code, "entrypoint": entrypoint})
    if "{{" in described:
        raise DeployProblem(
            f"Prefect would take a part of {described} for a placeholder.", "Rename it."
        )
    program = files("metaflow_prefect.deploy").joinpath("pull_program.py").read_text("utf-8")
    step = {
        "id": CODE_ID,
        "script": shlex.join(["sh", "-c", f'exec "{THIS_PYTHON}" -c "${PROGRAM_VARIABLE}"']),
        "env": {CODE_VARIABLE: described, PROGRAM_VARIABLE: program},
        "stream_output": False,  # what it prints is for the next step
    }
    return [{SHELL: step}, *folder_steps(f"{{{{ {CODE_ID}.stdout }}}}")]


def commit_steps(checkout: Checkout, commit: str) -> list[Json]:
    """Return pull steps that clone a commit of a repository and go to a folder of it.

    Args:
        checkout: The folder.
        commit: The commit's full hash.
    """
    clone, *rest = clone_steps(checkout)
    clone[CLONE]["commit_sha"] = commit
    return [clone, *rest]


def clone_steps(checkout: Checkout, branch: str | None = None) -> list[Json]:
    """Return pull steps that clone a repository and go to a folder of it.

    Args:
        checkout: The folder.
        branch: The branch to clone; `None` is the remote's own choice.
    """
    clone = {"id": CLONE_ID, "repository": checkout.remote}
    if branch is not None:
        clone["branch"] = branch
    steps: list[Json] = [{CLONE: clone}]
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
    root = git(folder, "rev-parse", "--show-toplevel")
    if root is None:
        raise DeployProblem(
            f"{folder} is not in a git repository, so workers cannot clone it.",
            "Use --pull local, or run the command in a clone.",
        )
    # Not `git remote get-url`: it would put in what the user's own settings rewrite a URL to,
    # as with a token.
    remote = git(folder, "config", "--get", "remote.origin.url")
    if remote is None:
        raise DeployProblem(
            f"The git repository {root} has no remote named origin.",
            "Add it, or use --pull local.",
        )
    inside = git(folder, "rev-parse", "--show-prefix") or ""
    branch = git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
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


def repository_name(remote: str) -> str:
    """Return a name for a remote's repository that does not depend on how it is reached.

    Args:
        remote: Its URL, as git has it.

    Returns:
        Its host and path, as `github.com/npow/metaflow-prefect`.

    Raises:
        DeployProblem: It is a folder of this machine.
    """
    url = public_url(remote)
    if "://" in url:
        parts = urlsplit(url)
        host, path = parts.netloc, parts.path
    else:
        host, _, path = url.partition(":")
    host = host.rpartition("@")[2].lower()
    return f"{host}/{path.strip('/').removesuffix('.git')}"


def _not_remote(remote: str) -> DeployProblem:
    return DeployProblem(
        f"The remote origin is a folder of this machine ({remote}).",
        "Give the repository a remote that workers can reach, or use --pull local.",
    )


def git(folder: Path, *words: str) -> str | None:
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
