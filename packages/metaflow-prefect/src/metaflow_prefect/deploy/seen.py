"""What Metaflow itself knows of a run that Prefect has started."""

from __future__ import annotations

from metaflow import Run
from metaflow.exception import MetaflowNotFound


def metaflow_run(pathspec: str, metadata: str | None) -> Run | None:
    """Return a Metaflow run, or nothing while it does not exist.

    Args:
        pathspec: Its pathspec.
        metadata: The metadata provider that knows it, as `local@/folder`; `None` for the one
            that is set.
    """
    try:
        return Run(pathspec, _namespace_check=False, _current_metadata=metadata)
    except MetaflowNotFound:
        return None


def status_seen(status: str, pathspec: str, metadata: str | None) -> str:
    """Return a run's status, which is Pending until Metaflow's run has begun.

    Args:
        status: Its status by Prefect.
        pathspec: Its pathspec in Metaflow.
        metadata: The metadata provider that knows it.
    """
    if status == "Running" and metaflow_run(pathspec, metadata) is None:
        return "Pending"
    return status
