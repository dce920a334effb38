"""The click group `prefect` itself, and what its commands share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from metaflow._vendor import click

from metaflow_prefect.errors import MetaflowPrefectError, UsageProblem
from metaflow_prefect.generate.render import render
from metaflow_prefect.load.flow import load_flow
from metaflow_prefect.load.options import explicit_options
from metaflow_prefect.model import FlowModel, Runtime


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
@click.option(
    "--name", help="The deployment's name. By default it follows from the flow and its @project."
)
@click.pass_obj
def prefect(obj: Any, debug: bool, name: str | None) -> None:  # noqa: ARG001 - read by the group
    """Run this flow with Prefect, deploy it, and operate its deployments."""
    obj.deployment_name = name


def chosen_name(obj: Any, name: str | None = None) -> str | None:
    """Return the deployment's name that the user has given, before or after the command.

    Args:
        obj: Metaflow's command line state.
        name: The name after the command.

    Raises:
        UsageProblem: There are two of them.
    """
    before: str | None = obj.deployment_name
    if None not in (before, name) and before != name:
        raise UsageProblem(
            f"The deployment is named twice, {before!r} and {name!r}.", "Give --name only once."
        )
    return before if name is None else name


def positive(_: Any, option: Any, number: int | None) -> int | None:
    """Check a number; Metaflow's `Deployer` does not know click's type for that.

    Args:
        option: The option that it is given by.
        number: The number, if one is given.

    Raises:
        BadParameter: It is below 1.
    """
    if number is not None and number < 1:
        raise click.BadParameter(f"{number} is not 1 or more.", param=option)
    return number


def say(obj: Any, text: str, **style: Any) -> None:
    """Print a text as it is, unless Metaflow is to be quiet: its own `echo` takes `*` for bold.

    Args:
        obj: Metaflow's command line state.
        text: The text.
        style: How it looks, as `click.style` takes it.
    """
    obj.echo(click.style(text, **style), no_bold=True)


def flow_file() -> Path:
    """Return the file of the flow whose command line this is."""
    return Path(sys.argv[0]).resolve()


def generated_text(
    flow: FlowModel, source: Path, target: Path, runtime: Runtime = "embedded"
) -> str:
    """Return the generated file of a flow.

    Args:
        flow: The flow.
        source: Its file.
        target: Where the generated file will be.
        runtime: Whether it holds the runtime or imports it.

    Raises:
        FlowProblem: The flow cannot become a Prefect flow.
    """
    relative = os.path.relpath(source, target.parent).replace(os.sep, "/")
    return render(flow, source=relative, output=target.name, runtime=runtime)


def loaded(
    obj: Any,
    tags: tuple[str, ...] = (),
    concurrency_tags: tuple[str, ...] = (),
    *,
    written_only: bool = False,
) -> FlowModel:
    """Return the model of the flow that Metaflow's command line has loaded.

    Args:
        obj: Metaflow's command line state.
        tags: Tags of the flow's runs.
        concurrency_tags: Resources whose names are tags of the steps that ask for them.
        written_only: Whether only decorators count that are in the source.

    Raises:
        FlowProblem: Metaflow itself would not run the flow.
    """
    root = click.get_current_context().find_root()
    return load_flow(
        obj.flow,
        options=explicit_options(root, sys.argv[1:]),
        run_options=[f"--tag={tag}" for tag in tags],
        concurrency_tags=concurrency_tags,
        written_only=written_only,
    )
