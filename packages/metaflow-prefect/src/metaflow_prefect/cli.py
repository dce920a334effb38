"""The click group `prefect` of every flow's command line."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from metaflow._vendor import click
from metaflow.plugins.resources_decorator import ResourcesDecorator
from metaflow.util import get_latest_run_id

from metaflow_prefect.checks import check
from metaflow_prefect.deploy.description import Production, checked_name, describe, full_name
from metaflow_prefect.deploy.pull import folder_steps
from metaflow_prefect.deploy.tokens import (
    NAMESPACE,
    TokenChoice,
    choose_token,
    remember_token,
)
from metaflow_prefect.errors import MetaflowPrefectError, UsageProblem
from metaflow_prefect.generate.render import render
from metaflow_prefect.generate.write import check_output, write_text
from metaflow_prefect.load.configs import ConfigFiles
from metaflow_prefect.load.deployment import load_deployment
from metaflow_prefect.load.flow import load_flow
from metaflow_prefect.load.options import explicit_options
from metaflow_prefect.model import FlowModel
from metaflow_prefect.process import run_to_end

CREATE_HELP = """Write this flow as a Prefect flow file, or deploy it.

With a FILE, the Prefect file is written there. Without one, it is written beside the flow, as
FLOW_prefect.py, and deployed to the Prefect server in PREFECT_API_URL: with the schedule and the
triggers that the flow's decorators name, for a work pool of the type process.
"""


class PrefectGroup(click.Group):
    """A group that reports errors in one line, with their exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command.

        Raises:
            SystemExit: It failed; the message is on standard error.
        """
        try:
            return super().invoke(ctx)
        except MetaflowPrefectError as error:
            if ctx.params.get("debug"):
                raise
            sys.stderr.write(f"{error}\n")
            sys.exit(error.exit_code)


@click.group()
def cli() -> None:
    """Hold the commands that this extension adds to Metaflow's."""


@cli.group(cls=PrefectGroup)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def prefect(debug: bool) -> None:
    """Run this flow with Prefect."""


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
@click.option("--name", help="The deployment's name.")
@click.option("--work-pool", metavar="NAME", help="The work pool that its runs go to.")
@click.option("--paused", is_flag=True, help="Keep it from starting runs, until it is resumed.")
@click.option(
    "--authorize", metavar="TOKEN", help="The production token of what somebody else has deployed."
)
@click.option("--new-token", metavar="TOKEN", help="Give it this production token.")
@click.option("--generate-new-token", is_flag=True, help="Give it another production token.")
@click.pass_obj
def create(
    obj: Any,
    output: str | None,
    tags: tuple[str, ...],
    concurrency_tags: tuple[str, ...],
    **options: Any,
) -> None:
    """Write the Prefect file of the flow, and deploy it if no file is named."""
    source = Path(sys.argv[0]).resolve()
    flow = loaded(obj, tags, concurrency_tags)
    for note in ConfigFiles.notes():
        say(obj, note)
    if output is None:
        deploy_flow(obj, flow, source, tags, DeployOptions(**options))
    elif any(value not in (None, False) for value in options.values()):
        raise UsageProblem(
            "Only the options --tag and --concurrency-tag are for a file; all others are for a "
            "deployment, and with a FILE none is made.",
            "Leave out the name of the file, or these options.",
        )
    else:
        write_flow(obj, flow, source, Path(output))


def write_flow(obj: Any, flow: FlowModel, source: Path, target: Path) -> None:
    """Write the flow's Prefect file, and say so.

    Args:
        obj: Metaflow's command line state.
        flow: The flow.
        source: Its file.
        target: The file to write.

    Raises:
        MetaflowPrefectError: It cannot be written.
    """
    check_output(target, source)
    text = generated_text(flow, source, target.resolve())
    changed = write_text(target, text)
    say(obj, f"{'Wrote' if changed else 'Unchanged:'} {target}", fg="green")


def say(obj: Any, text: str, **style: Any) -> None:
    """Print a text as it is, unless Metaflow is to be quiet: its own `echo` takes `*` for bold.

    Args:
        obj: Metaflow's command line state.
        text: The text.
        style: How it looks, as `click.style` takes it.
    """
    obj.echo(click.style(text, **style), no_bold=True)


@dataclass(frozen=True, kw_only=True)
class DeployOptions:
    """How a flow is deployed.

    Args:
        name: The deployment's name; `None` is the usual one.
        work_pool: The work pool that its runs go to; `None` is the usual one.
        paused: Whether it starts no runs.
        authorize: The production token of what somebody else has deployed.
        new_token: The production token that it is to have.
        generate_new_token: Whether it is to have another one than it has.
    """

    name: str | None
    work_pool: str | None
    paused: bool
    authorize: str | None
    new_token: str | None
    generate_new_token: bool

    @property
    def token(self) -> TokenChoice:
        """What the user says about the production token."""
        return TokenChoice(
            authorize=self.authorize, given=self.new_token, generate=self.generate_new_token
        )


def deploy_flow(
    obj: Any, flow: FlowModel, source: Path, tags: tuple[str, ...], options: DeployOptions
) -> None:
    """Write the flow's Prefect file beside it, and deploy it to the server at hand.

    Args:
        obj: Metaflow's command line state.
        flow: The flow.
        source: Its file.
        tags: Tags of the flow's runs, and of the deployment.
        options: How it is deployed.

    Raises:
        MetaflowPrefectError: Something is wrong with the flow, the file or the server.
    """
    target = source.with_name(f"{source.stem}_prefect.py")
    facts = load_deployment(obj.flow)
    described = describe(flow, facts, tags=tags)
    chosen = checked_name(described.name if options.name is None else options.name)

    # Prefect takes seconds to import, which no other command is to wait for.
    from metaflow_prefect.deploy.server import Deployment, api_url, connect  # noqa: PLC0415

    say(obj, f"Deploying {described.flow} to {api_url()}...", bold=True)

    async def deploy() -> tuple[UUID, Production]:
        async with connect() as server:
            pool = server.work_pool(options.work_pool, local=True)
            found = await server.production(full_name(described.flow, chosen))
            production = choose_token(chosen, described, facts, found, options.token)
            write_flow(obj, flow, source, target)
            deployment = Deployment(
                description=described,
                name=chosen,
                folder=source.parent,
                entrypoint=f"{target.name}:{described.function}",
                pull=folder_steps(str(source.parent)),
                work_pool=pool,
                paused=options.paused or None,
                production=production,
            )
            say(obj, f"The runs go to the work pool {pool}.")
            return await server.deploy(deployment), production

    identity, production = asyncio.run(deploy())
    known_as = full_name(described.flow, chosen)
    named = [] if options.name is None else ["--name", chosen]
    again = ["prefect", "create", "--authorize", production.token, *named]
    say(obj, f"Deployed {known_as} ({identity}).", fg="green", bold=True)
    say(obj, f"Its runs have the namespace {NAMESPACE}{production.token}.")
    say(obj, f"Others deploy it by: {shlex.join(['python', source.name, *flow.options, *again])}")
    say(obj, f"Run it by: {shlex.join(['prefect', 'deployment', 'run', known_as])}")
    remember_token(chosen, described, facts, production)


@prefect.command(
    help="Run this flow with Prefect, leaving no file.",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def run(obj: Any, arguments: tuple[str, ...]) -> None:
    """Generate the Prefect file in a folder of its own and run it."""
    run_generated(obj, arguments)


@prefect.command(
    help="Resume a run with Prefect: by default the last one, from where it failed.",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.option("--origin-run-id", help="The run to resume.")
@click.argument("step-to-rerun", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def resume(
    obj: Any,
    origin_run_id: str | None,
    step_to_rerun: str | None,
    arguments: tuple[str, ...],
) -> None:
    """Generate the Prefect file in a folder of its own and resume a run with it."""
    words = list(arguments)
    if step_to_rerun is not None and step_to_rerun.startswith("-"):
        words.insert(0, step_to_rerun)
    elif step_to_rerun is not None:
        words.append(f"--step-to-rerun={step_to_rerun}")
    origin = origin_run_id or get_latest_run_id(obj.echo, obj.flow.name)
    if origin is None:
        raise UsageProblem("There is no earlier run.", "Name one with --origin-run-id.")
    run_generated(obj, (f"--resume={origin}", *words))


def run_generated(obj: Any, arguments: tuple[str, ...]) -> None:
    """Run the flow's Prefect file, made for this once, and exit with its code."""
    source = Path(sys.argv[0]).resolve()
    with tempfile.TemporaryDirectory(prefix="metaflow-prefect-") as folder:
        target = Path(folder).resolve() / f"{source.stem}_prefect.py"
        write_text(target, generated_text(loaded(obj), source, target))
        code = run_to_end([sys.executable, str(target), *arguments])
    sys.exit(code)


def generated_text(flow: FlowModel, source: Path, target: Path) -> str:
    """Return the generated file of a flow.

    Args:
        flow: The flow.
        source: Its file.
        target: Where the generated file will be.

    Raises:
        FlowProblem: The flow cannot become a Prefect flow.
    """
    check(flow)
    relative = os.path.relpath(source, target.parent).replace(os.sep, "/")
    return render(flow, source=relative, output=target.name)


def loaded(
    obj: Any, tags: tuple[str, ...] = (), concurrency_tags: tuple[str, ...] = ()
) -> FlowModel:
    """Return the model of the flow that Metaflow's command line has loaded.

    Args:
        obj: Metaflow's command line state.
        tags: Tags of the flow's runs.
        concurrency_tags: Resources whose names are tags of the steps that ask for them.

    Raises:
        FlowProblem: Metaflow itself would not run the flow.
    """
    root = click.get_current_context().find_root()
    return load_flow(
        obj.flow,
        options=explicit_options(root, sys.argv[1:]),
        run_options=[f"--tag={tag}" for tag in tags],
        concurrency_tags=concurrency_tags,
    )
