"""Whether the commit that workers clone has what a deployment needs, as it is here."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from mfp.convert.memory.state import checksum_in
from mfp.deploy.naming import PlannedDeployment

REMEDY = (
    "Commit it: mfp convert-all writes what is generated, and with --check a job in CI keeps it so."
)
TRACKING = "refs/remotes/origin/{branch}"


def not_committed(planned: PlannedDeployment, root: Path) -> str:
    """Say what of a deployment is not in the commit that is checked out.

    That is the generated file, the flow's own, or a module of the repository that it imports.

    Args:
        planned: The flow.
        root: The repository's folder.

    Returns:
        A sentence without its full stop; empty if all is there.
    """
    output, *sources = _needed(planned, root)
    if not _is_in("HEAD", *output):
        return (
            f"{planned.outcome.output} as it is generated is not in the commit, which workers clone"
        )
    for path, checksum in sources:
        if not _is_in("HEAD", path, checksum) and not _is_ignored(path):
            name = os.path.relpath(path)
            return f"{name} as it is here is not in the commit, which workers clone"
    return ""


def not_pushed(flows: Sequence[PlannedDeployment], branch: str | None, root: Path) -> list[str]:
    """Name the files that the branch has here, but not where workers clone it from.

    Args:
        flows: The flows that are deployed.
        branch: The branch that is cloned; None is the remote's own choice.
        root: The repository's folder.

    Returns:
        The files, relative to the current folder; none if git does not know the remote's branch.
    """
    commit = TRACKING.format(branch=branch or "HEAD")
    if _git("rev-parse", "--quiet", "--verify", commit) is None:
        return []
    needed = sorted({file for one in flows for file in _needed(one, root)})
    return [
        os.path.relpath(path) for path, checksum in needed if not _is_in(commit, path, checksum)
    ]


def _needed(planned: PlannedDeployment, root: Path) -> Iterator[tuple[Path, str]]:
    """Give the generated file and then the modules, with their checksums."""
    reply = planned.outcome.reply
    if reply is None or reply.digest is None:
        return
    yield Path.cwd() / planned.outcome.output if planned.outcome.output else Path(), reply.digest
    for name, state in reply.files.items():
        path = Path(name)
        checksum = checksum_in(state)
        if path.suffix == ".py" and checksum:
            path = path.resolve()  # a link's own blob is only where it leads to
            if path.is_relative_to(root.resolve()):
                yield path, checksum


# Flows share modules; and while flows are deployed, nothing is committed.
@cache
def _is_in(commit: str, path: Path, checksum: str) -> bool:
    """Say whether a commit has a file byte for byte as it is here."""
    # Of all that compares, this runs nothing that the repository's settings name.
    found = _git("cat-file", "blob", f"{commit}:./{os.path.relpath(path)}")
    return found is not None and sha256(found).hexdigest() == checksum


def _is_ignored(path: Path) -> bool:
    return _git("-c", "core.fsmonitor=false", "check-ignore", "--quiet", str(path)) is not None


def _git(*words: str) -> bytes | None:
    """Give what a git command prints; None if it fails."""
    done = subprocess.run(
        ["git", *words], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return done.stdout if done.returncode == 0 else None
