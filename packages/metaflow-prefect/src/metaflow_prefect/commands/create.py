"""`prefect create`: write the flow as a Prefect flow file, or deploy it."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from metaflow._vendor import click
from metaflow.plugins.resources_decorator import ResourcesDecorator
from metaflow.tagging_util import validate_tags

from metaflow_prefect.commands.attributes import write_attributes
from metaflow_prefect.commands.deploy_options import DeployOptions
from metaflow_prefect.commands.group import (
    chosen_name,
    flow_file,
    generated_text,
    loaded,
    positive,
    prefect,
    say,
)
from metaflow_prefect.commands.placing import PULLS, Code, Placing, deployment_environment
from metaflow_prefect.commands.values import named_values
from metaflow_prefect.deploy.defaults import plain_value
from metaflow_prefect.deploy.description import (
    DEFAULT_NAME,
    Description,
    Production,
    checked_name,
    describe,
    full_name,
    unset_warning,
)
from metaflow_prefect.deploy.names import known_as
from metaflow_prefect.deploy.record import Record
from metaflow_prefect.deploy.tokens import NAMESPACE, choose_token, remember_token
from metaflow_prefect.errors import FlowProblem, UsageProblem
from metaflow_prefect.generate.write import check_output, write_text
from metaflow_prefect.load.configs import ConfigFiles
from metaflow_prefect.load.deployment import load_deployment
from metaflow_prefect.model import RUNTIMES, FlowModel, LiteralDict, Runtime

PLACEHOLDER_TOKEN = "__PLACEHOLDER_PRODUCTION_TOKEN__"  # noqa: S105 - Argo's, where none is asked for


CREATE_HELP = """Write this flow as a Prefect flow file, or deploy it.

With a FILE, the Prefect file is written there. Without one, the flow is deployed to the Prefect
server in PREFECT_API_URL, with the schedule and the triggers that the flow's decorators name.
"""


@prefect.command(help=CREATE_HELP)
@click.argument("output", metavar="[FILE]", required=False, type=click.Path(path_type=None))
@click.option("--tag", "tags", multiple=True, help="Tag all runs; may be repeated.")
@click.option(
    "--concurrency-tag",
    "concurrency_tags",
    multiple=True,
    type=click.Choice(sorted(ResourcesDecorator.defaults)),
    help="Tag the steps whose @resources ask for this, as 'gpu', so that Prefect can limit how "
    "many run at a time; may be repeated.",
)
@click.option(
    "--runtime",
    type=click.Choice(RUNTIMES),
    default=RUNTIMES[0],
    show_default=True,
    help="Whether the file holds all that runs it, or imports it from the package "
    "metaflow-prefect, which then has to be installed where it runs.",
)
@click.option("--name", help="The deployment's name.")
@click.option("--authorize", help="The production token of what somebody else has deployed.")
@click.option("--new-token", "given_token", help="Give it this production token.")
@click.option("--generate-new-token", is_flag=True, help="Give it another production token.")
@click.option("--namespace", "user_namespace", help="The namespace that the flow's queries see.")
@click.option(
    "--max-workers",
    type=int,
    callback=positive,
    help="How many tasks of a run are running at a time.",
)
@click.option(
    "--max-num-splits",
    type=int,
    callback=positive,
    help="How many tasks a foreach may have.  [default: 100]",
)
@click.option(
    "--task-runner",
    metavar="RUNNER",
    help="Where steps run: dask:ADDRESS or ray:ADDRESS of a cluster, or dask or ray for one that "
    "each run makes.",
)
@click.option(
    "--shared-folder",
    is_flag=True,
    help="With --task-runner: Metaflow's folders are the same on all that run steps.",
)
@click.option(
    "--workflow-timeout",
    type=int,
    callback=positive,
    help="Stop a run after this many seconds.",
)
@click.option(
    "--pull",
    type=click.Choice(PULLS),
    help="How workers get the code: as a package in Metaflow's datastore, from the remote of its "
    "git repository, or from this folder. By default a package, unless the datastore is local.",
)
@click.option("--work-pool", metavar="NAME", help="The work pool that its runs go to.")
@click.option("--work-queue", metavar="NAME", help="The queue of that work pool.")
@click.option("--image", help="The image that runs are started from, where the pool has images.")
@click.option(
    "--job-variable",
    "job_variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A job variable of the work pool; may be repeated.",
)
@click.option(
    "--concurrency-limit",
    type=int,
    callback=positive,
    help="How many runs of the deployment run at a time.",
)
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter that its runs have unless they say otherwise; may be repeated.",
)
@click.option(
    "--schedule/--no-schedule",
    "scheduled",
    default=None,
    help="Activate the schedule, or not. By default it stays as it is; a new one is active.",
)
@click.option(
    "--notify-on-error/--no-notify-on-error", default=False, help="Notify when a run fails."
)
@click.option(
    "--notify-on-success/--no-notify-on-success",
    default=False,
    help="Notify when a run is successful.",
)
@click.option("--notify-slack-webhook-url", help="The Slack webhook to notify by.")
@click.option(
    "--notify-block", metavar="TYPE/NAME", help="The notification block of Prefect to notify by."
)
@click.option(
    "--paused",
    is_flag=True,
    help="Keep it from starting runs, until it is resumed in Prefect's pages.",
)
@click.option("--only-json", is_flag=True, help="Only print what would be deployed.")
@click.option("--deployer-attribute-file", hidden=True, help="Used by Metaflow's Deployer.")
@click.pass_obj
def create(
    obj: Any,
    output: str | None,
    tags: tuple[str, ...],
    concurrency_tags: tuple[str, ...],
    runtime: Runtime,
    **options: Any,
) -> None:
    """Write the Prefect file of the flow, and deploy it if no file is named."""
    validate_tags(tags)
    for note in ConfigFiles.notes():
        say(obj, note)
    if output is None:
        deploy_flow(obj, tags, concurrency_tags, runtime, DeployOptions(**options))
    elif chosen_name(obj) or any(value not in (None, False, ()) for value in options.values()):
        raise UsageProblem(
            "Only the options --tag, --concurrency-tag and --runtime are for a file; all others "
            "are for a deployment, and with a FILE none is made.",
            "Leave out the name of the file, or these options.",
        )
    else:
        flow = loaded(obj, tags, concurrency_tags)
        write_flow(obj, flow, Path(output), runtime)
        warn_of_deployment(obj, flow)


def warn_of_deployment(obj: Any, flow: FlowModel) -> None:
    """Say what would keep the flow from being deployed, where that was not asked for.

    Args:
        obj: Metaflow's command line state.
        flow: The flow.
    """
    try:
        describe(flow, load_deployment(obj.flow))
    except FlowProblem as problem:
        sys.stderr.write(f"Warning: {flow.name} cannot be deployed as it is: {problem}\n")


def write_flow(obj: Any, flow: FlowModel, target: Path, runtime: Runtime) -> None:
    """Write the flow's Prefect file, and say so.

    Args:
        obj: Metaflow's command line state.
        flow: The flow.
        target: The file to write.
        runtime: Whether it holds the runtime or imports it.

    Raises:
        MetaflowPrefectError: It cannot be written.
    """
    source = flow_file()
    check_output(target, source)
    changed = write_text(target, generated_text(flow, source, target.resolve(), runtime))
    say(obj, f"{'Wrote' if changed else 'Unchanged:'} {target}", fg="green")


def deploy_flow(
    obj: Any,
    tags: tuple[str, ...],
    concurrency_tags: tuple[str, ...],
    runtime: Runtime,
    options: DeployOptions,
) -> None:
    """Deploy the flow to the server at hand.

    Args:
        obj: Metaflow's command line state.
        tags: Tags of the flow's runs, and of the deployment.
        concurrency_tags: Resources whose names are tags of the steps that ask for them.
        runtime: Whether the generated file holds the runtime or imports it.
        options: How it is deployed.

    Raises:
        MetaflowPrefectError: Something is wrong with the flow, the file or the server.
    """
    flow = loaded(obj, tags, concurrency_tags, written_only=True)
    facts = load_deployment(obj.flow)
    described = describe(flow, facts, tags=tags)
    name = chosen_name(obj, options.name)
    chosen = checked_name(described.name if name is None else name)
    options.check_runner(obj)
    placing = Placing.of(obj, flow_file(), options.pull, runtime)
    parameters = named_values(obj.flow, options.given_parameters())
    record = _record(obj, flow, described, tags, options, placing.pull)
    # What belongs to the deployment is kept with it; several may share the file.
    bare = replace(flow, options=(), run_options=(), configs=LiteralDict(()))

    whole = replace(flow, options=(), run_options=())

    # Prefect takes seconds to import, which no other command is to wait for.
    from metaflow_prefect.deploy.deployment import Deployment, production_of  # noqa: PLC0415
    from metaflow_prefect.deploy.notices import Notices  # noqa: PLC0415
    from metaflow_prefect.deploy.server import api_url, connect  # noqa: PLC0415

    variables = options.pool_variables()
    notify = options.notify()
    settings = options.settings() | ({"parameters": parameters} if parameters else {})

    def deployment(code: Code, pool: str, production: Production) -> Deployment:
        return Deployment(
            description=described,
            name=chosen,
            folder=code.folder,
            entrypoint=f"{code.file}:{described.function}",
            pull=code.steps,
            work_pool=pool,
            paused=options.paused or None,
            production=production,
            record=record,
            environment=deployment_environment(obj) | code.environment,
            job_variables=variables,
            settings=settings,
            scheduled=options.scheduled,
            notices=Notices(**notify),
        )

    async def deploy(scratch: Path) -> None:
        say(obj, f"Deploying {described.flow} to {api_url()}...", bold=True)
        async with connect() as server:
            full = full_name(described.flow, chosen)
            found = await server.existing(full)
            kept = found.job_variables if found else {}
            pool = server.work_pool(
                options.work_pool,
                local=placing.pull == "local",
                local_datastore=placing.local_datastore,
                variables=variables,
                kept=kept,
            )
            earlier = production_of(full, kept)
            production = choose_token(chosen, described, facts, earlier, options.token)
            code = placing.place(obj, bare, whole, scratch)
            say(obj, f"The runs go to the work pool {pool}.")
            say(obj, f"Its code is {placing.explained}.")
            identity, unset = await server.deploy(deployment(code, pool, production))
        _tell(obj, flow, full, name, identity, production)
        _warn_of_unset(full, unset)
        remember_token(chosen, described, facts, production)

    additional: dict[str, Any] = {"deployment": full_name(described.flow, chosen)}
    with tempfile.TemporaryDirectory(prefix="metaflow-prefect-") as folder:
        scratch = Path(folder).resolve()
        if options.only_json:
            unknown = Production(token=PLACEHOLDER_TOKEN, owner=None)
            code = placing.rehearse(bare, scratch)
            made = deployment(code, options.work_pool or DEFAULT_NAME, unknown).as_json()
            additional = {"deployment": made}
            obj.echo_always(json.dumps(made, indent=2), err=False, no_bold=True)
        else:
            asyncio.run(deploy(scratch))
    if options.deployer_attribute_file:
        content = {
            "name": known_as(described.flow, chosen, facts.project, facts.branch),
            "flow_name": described.flow,
            "metadata": obj.metadata.metadata_str(),
            "additional_info": additional,
        }
        write_attributes(options.deployer_attribute_file, content)


def _record(
    obj: Any,
    flow: FlowModel,
    described: Description,
    tags: tuple[str, ...],
    options: DeployOptions,
    pull: str,
) -> Record:
    return Record.described(
        described,
        options=[*flow.options],
        run_options=options.run_options(tags),
        configs=plain_value(flow.configs),
        metadata=obj.metadata.metadata_str(),
        timeout=options.workflow_timeout,
        task_runner=options.task_runner,
        shared_folder=options.shared_folder,
        pull=pull,
    )


def _warn_of_unset(full: str, unset: Sequence[str]) -> None:
    if unset:
        given = " ".join(f"--parameter {shlex.quote(name)}=VALUE" for name in unset)
        sys.stderr.write(f"{unset_warning(full, unset, f'Deploy again with {given}.')}\n")


def _tell(
    obj: Any,
    flow: FlowModel,
    full: str,
    name: str | None,
    identity: UUID,
    production: Production,
) -> None:
    """Say what has been deployed, and what can be done with it."""
    named = [] if name is None else ["--name", name]
    command = ["python", flow_file().name, *flow.options, "prefect"]
    again = shlex.join([*command, "create", "--authorize", production.token, *named])
    say(obj, f"Deployed {full} ({identity}).", fg="green", bold=True)
    say(obj, f"Its runs have the namespace {NAMESPACE}{production.token}.")
    say(obj, f"Others deploy it by: {again}")
    say(obj, f"Run it by: {shlex.join([*command, *named, 'trigger'])}")
