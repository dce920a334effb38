"""Whether a commit that workers clone has what is deployed, as it is here."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from metaflow_prefect.deploy.pull import Checkout, git
from metaflow_prefect.errors import DeployProblem


def check_committed(checkout: Checkout, source: Path, generated: Path, texts: Sequence[str]) -> str:
    """Return the commit that has a flow and its generated file, as they are here.

    Args:
        checkout: The flow's folder.
        source: The flow's file.
        generated: The generated file.
        texts: What it may hold.

    Raises:
        DeployProblem: They are not committed, or the commit is not pushed.
    """
    commit = git(checkout.root, "rev-parse", "HEAD")
    if commit is None:
        raise DeployProblem(
            f"The git repository {checkout.root} has no commit.", "Commit the flow."
        )
    if _committed(checkout.root, generated) not in [text.encode() for text in texts]:
        raise DeployProblem(
            f"{generated} as it would be generated now is not in the commit {commit[:12]}, which "
            "workers clone.",
            f"Write it by `prefect create {generated.name}`, commit and push it.",
        )
    changed = git(checkout.root, "status", "--porcelain", "--", str(source.parent)) or ""
    files = [line[3:] for line in changed.splitlines() if line.endswith((".py", '.py"'))]
    if files:
        raise DeployProblem(
            f"The commit {commit[:12]}, which workers clone, lacks what is here: "
            f"{', '.join(files)}.",
            "Commit and push it.",
        )
    if not git(checkout.root, "branch", "--remotes", "--contains", commit):
        raise DeployProblem(
            f"The commit {commit[:12]} is on no branch of the remote, which workers clone.",
            "Push it.",
        )
    return commit


def _committed(root: Path, file: Path) -> bytes | None:
    place = file.resolve().relative_to(root.resolve()).as_posix()
    done = subprocess.run(
        ["git", "-C", str(root), "show", f"HEAD:{place}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
