"""By which name the deployments of a repository are known on a server, and where its flows are."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from metaflow_prefect.deploy.pull import git, repository_name
from metaflow_prefect.errors import MetaflowPrefectError

from mfp.discover.files.ignore import repository_top
from mfp.errors import UsageError
from mfp.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository, by a name that is the same in each of its clones.

    Attributes:
        name: What the settings call it, or host and path of its remote.
        root: The folder that the flows' files are named relative to.
        folder: The folder of the project, which may be a part of the repository.
    """

    name: str
    root: Path
    folder: Path

    def source_of(self, path: str | os.PathLike[str]) -> str | None:
        """Name a file as each clone does; None if it is outside.

        Args:
            path: The file, relative to the current folder.
        """
        inside = PurePosixPath(os.path.relpath(path, self.root).replace(os.sep, "/"))
        return None if ".." in inside.parts else str(inside)

    def holds(self, source: str) -> bool:
        """Say whether a file is one of this project.

        Args:
            source: The file, as `source_of` names it.
        """
        path = PurePosixPath(source)
        if path.is_absolute() or ".." in path.parts:  # nothing of ours
            return False
        return (self.root / path).is_relative_to(self.folder)


def repository_of(settings: Settings) -> Repository | None:
    """Return the repository of the current folder; None if it has no name.

    Args:
        settings: Its settings, which may name it.
    """
    top = repository_top(str(Path.cwd()))
    name = settings.table.get("repository")
    if name is None and top is not None:
        with suppress(MetaflowPrefectError):  # git is not installed, or the remote is a folder
            remote = git(Path(top), "config", "--get", "remote.origin.url")
            name = repository_name(remote) if remote else None
    root = settings.folder if top is None else Path(top)
    return Repository(name=name, root=root, folder=settings.folder) if name else None


def no_name() -> UsageError:
    """Say that the repository has no name."""
    return UsageError(
        "It is not known which deployments belong to this repository: it has no remote `origin`",
        'Add the remote, or set repository = "NAME" in [tool.mfp]; then deploy.',
    )
