"""The names of a deployment: Prefect's, and the one by which Metaflow's `Deployer` knows it."""

from __future__ import annotations

from metaflow_prefect.deploy.description import DEFAULT_NAME


def known_as(flow: str, name: str, project: str | None, branch: str | None) -> str:
    """Return the name by which Metaflow's `Deployer` knows a deployment.

    Args:
        flow: The name of its flow.
        name: Its own name.
        project: The flow's project, if it has one.
        branch: The branch of the project.

    Returns:
        `project.branch.Flow`, or the flow's name; or the name that a user has chosen.
    """
    usual = ".".join(part for part in (project, branch) if part)
    if project and name == usual:
        return f"{usual}.{flow}"
    return flow if not project and name == DEFAULT_NAME else name
