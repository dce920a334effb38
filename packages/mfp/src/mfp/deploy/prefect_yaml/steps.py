"""The `pull` section of a `prefect.yaml`: how workers get at the code."""

from pathlib import Path
from typing import Any

from metaflow_prefect.deploy.pull import (
    CLONE,
    SET_FOLDER,
    SHELL,
    checkout_of,
    clone_steps,
    folder_steps,
)
from ruamel.yaml.comments import CommentedMap

from mfp.deploy.prefect_yaml.scalars import scalars

FOLDER_ID = "folder"
# Asked when it is deployed, so that no machine's path is in the file. A program asks, since
# the variable PWD may be an old one.
ASK_FOLDER = {SHELL: {"id": FOLDER_ID, "script": "pwd", "stream_output": False}}


def put_pull(document: CommentedMap, wanted: str | None, folder: Path) -> bool:
    """Have the document say how workers get at the code.

    Args:
        document: The document.
        wanted: `local` or `git`; None leaves what it says, or is `local` if it says nothing.
        folder: The folder that the entrypoints are relative to.

    Returns:
        Whether that has changed it.

    Raises:
        DeployProblem: If the repository has no remote to clone.
    """
    steps = document.get("pull")
    if steps is not None and wanted is None:
        return False
    if wanted == "git":
        return _clone(document, steps, folder)
    if _find(steps, SET_FOLDER) is not None and _find(steps, CLONE) is None:
        return False
    build = document.get("build")
    kept = build if isinstance(build, list) else []
    if ASK_FOLDER not in kept:
        put_key(document, "build", [*kept, ASK_FOLDER])
    put_key(document, "pull", folder_steps(f"{{{{ {FOLDER_ID}.stdout }}}}"))
    return True


def _clone(document: CommentedMap, steps: Any, folder: Path) -> bool:
    checkout = checkout_of(folder)
    found = _find(steps, CLONE)
    if found is not None and found.get("repository") == checkout.remote:
        return False
    # No branch: the remote's own is meant, whichever the file is written on.
    put_key(document, "pull", scalars(clone_steps(checkout)))
    build = document.get("build")
    if isinstance(build, list) and ASK_FOLDER in build:
        build.remove(ASK_FOLDER)
        if not build:
            del document["build"]
    return True


def _find(steps: Any, name: str) -> Any:
    """Give the settings of the first step of a kind."""
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict) and isinstance(step.get(name), dict):
            return step[name]
    return None


def put_key(document: CommentedMap, key: str, value: Any) -> None:
    """Set a key of the document; a new one comes before the deployments.

    Args:
        document: The document.
        key: The key.
        value: Its value.
    """
    if key in document:
        document[key] = value
        return
    keys = [*document]
    place = keys.index("deployments") if "deployments" in keys else len(keys)
    document.insert(place, key, value)
