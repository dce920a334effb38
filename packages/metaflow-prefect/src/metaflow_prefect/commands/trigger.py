"""`prefect trigger`: start a run of a deployment."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from metaflow import parameters
from metaflow._vendor import click

from metaflow_prefect.commands.attributes import write_attributes
from metaflow_prefect.commands.deployed import deployed_name
from metaflow_prefect.commands.group import flow_file, prefect, say
from metaflow_prefect.commands.values import parameters_of, prefect_values
from metaflow_prefect.errors import OperationProblem, UsageProblem
from metaflow_prefect.runtime.facts import can_write


class TriggerCommand(click.Command):
    """A command whose options are the flow's parameters first, and ours where they are free."""

    params: list[Any]

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read the command line, and note which parameters stand on it."""
        ours = self.original_params
        options: list[Any] = self.params  # of the flow and ours
        taken = {flag for option in options if option not in ours for flag in option.opts}
        # Whether a parameter is missing is for the deployment to say, which may have it.
        self.params = [
            _without(option, taken) if option in ours else _optional(option) for option in options
        ]
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        ctx.meta[GIVEN] = {
            option.name for option in self.params if option.consume_value(ctx, given) is not None
        }
        return super().parse_args(ctx, args)


GIVEN = "metaflow_prefect.given"


def _without(option: Any, taken: set[str]) -> Any:
    free = copy.copy(option)
    free.opts = [flag for flag in option.opts if flag not in taken]
    return free


def _optional(option: Any) -> Any:
    option.required = False
    return option


@parameters.add_custom_parameters(deploy_mode=False)
@prefect.command(cls=TriggerCommand, help="Start a run of the deployment on Prefect.")
@click.option(
    "--run-id-file",
    "--prefect-run-id-file",
    "run_id_file",
    help="Write the id of the Metaflow run to this file.",
)
@click.option(
    "--deployer-attribute-file",
    "--prefect-deployer-attribute-file",
    "deployer_attribute_file",
    hidden=True,
    help="Used by Metaflow's Deployer.",
)
@click.option(
    "--wait",
    "--prefect-wait",
    "own_wait",
    is_flag=True,
    help="Wait for the end of the run; the exit code is 1 if it fails.",
)
@click.pass_obj
def trigger(
    obj: Any,
    run_id_file: str | None = None,
    deployer_attribute_file: str | None = None,
    own_wait: bool = False,
    **kwargs: Any,
) -> None:
    """Start a run, and say what its id is."""
    given = click.get_current_context().meta[GIVEN]
    values = {}
    for name in parameters_of(obj.flow):
        key = name.replace("-", "_").lower()
        if key in given and kwargs.get(key) is not None:
            values[name] = kwargs[key]
    converted = prefect_values(obj.flow, values)

    from metaflow_prefect.deploy.operations import operator  # noqa: PLC0415
    from metaflow_prefect.deploy.runs import page_of, run_id_of, status_of  # noqa: PLC0415

    if run_id_file and not can_write(run_id_file):
        raise UsageProblem(
            f"{run_id_file!r} cannot be written.", "Give --run-id-file in a folder that is there."
        )
    with operator() as server:
        deployment = server.deployment(deployed_name(obj))
        run = server.trigger(deployment, converted)
        run_id = run_id_of(run)
        if run_id_file:
            Path(run_id_file).write_text(run_id, encoding="utf-8")
        if deployer_attribute_file:
            content = {
                "name": deployment.known_as,
                "metadata": deployment.record.metadata or obj.metadata.metadata_str(),
                "pathspec": f"{obj.flow.name}/{run_id}",
            }
            write_attributes(deployer_attribute_file, content)
        text = f"Deployment {deployment.known_as} triggered on Prefect (run-id {run_id})."
        say(obj, text, bold=True)
        if page := page_of(run):
            say(obj, f"See the run in Prefect's pages at {page}", bold=True)
        if own_wait:
            run = server.wait(run, lambda state: say(obj, f"The run is {state}."))
            if status_of(run) != "Succeeded":
                cause = run.state.message if run.state else None
                raise OperationProblem(
                    f"The run has failed: {cause.rstrip('.')}." if cause else "The run has failed.",
                    f"Its log: python {flow_file().name} prefect logs {run_id}. "
                    f"To run again what has not succeeded: prefect retry {run_id}.",
                )
