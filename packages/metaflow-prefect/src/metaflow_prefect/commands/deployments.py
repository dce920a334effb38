"""`prefect list-deployments` and `prefect delete`."""

from __future__ import annotations

from typing import Any

from metaflow._vendor import click

from metaflow_prefect.commands.deployed import deployed_name
from metaflow_prefect.commands.group import prefect, say
from metaflow_prefect.deploy.tokens import check_authorized


@prefect.command(help="List the deployments of this flow.")
@click.option("--all", "all_flows", is_flag=True, help="List those of all Metaflow flows.")
@click.pass_obj
def list_deployments(obj: Any, all_flows: bool) -> None:
    """Print the name of each deployment in a line of its own."""
    from metaflow_prefect.deploy.operations import operator  # noqa: PLC0415

    with operator() as server:
        for one in server.deployments(None if all_flows else obj.flow.name):
            obj.echo_always(one.known_as, err=False, no_bold=True)


@prefect.command(help="Delete the deployment, its schedule and its triggers.")
@click.option(
    "--authorize", help="The production token, where somebody else has made the deployment."
)
@click.pass_obj
def delete(obj: Any, authorize: str | None) -> None:
    """Delete the deployment; runs under way go on."""
    from metaflow_prefect.deploy.operations import operator  # noqa: PLC0415

    with operator() as server:
        deployment = server.deployment(deployed_name(obj))
        check_authorized(deployment, authorize, "delete")
        say(obj, f"Deleting deployment {deployment.known_as}...", bold=True)
        server.delete(deployment)
        say(obj, "In-flight executions will not be affected. Terminate them by hand if necessary.")
