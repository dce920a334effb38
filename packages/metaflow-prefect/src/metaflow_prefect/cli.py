"""The click group `prefect` of every flow's command line."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from metaflow._vendor import click
from metaflow.util import get_latest_run_id

from metaflow_prefect.checks import check
from metaflow_prefect.errors import MetaflowPrefectError, UsageProblem
from metaflow_prefect.load import load_flow
from metaflow_prefect.options import explicit_options
from metaflow_prefect.render import render
from metaflow_prefect.write import check_output, write_text


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


@prefect.command(help="Write this flow as a Prefect flow file.")
@click.argument("output", required=False, type=click.Path(path_type=None))
@click.option("--tag", "tags", multiple=True, help="Tag all runs; may be repeated.")
@click.pass_obj
def create(obj: Any, output: str | None, tags: tuple[str, ...]) -> None:
    """Write the Prefect file of the flow."""
    if output is None:
        raise UsageProblem("Name the file to write:", "python FLOW.py prefect create OUTPUT.py")
    source = Path(sys.argv[0]).resolve()
    target = Path(output)
    check_output(target, source)
    text = generated_text(obj, source, target.resolve(), tags)
    changed = write_text(target, text)
    obj.echo(f"{'Wrote' if changed else 'Unchanged:'} *{target}*", fg="green")


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
        write_text(target, generated_text(obj, source, target, ()))
        process = subprocess.Popen([sys.executable, str(target), *arguments])
        while True:
            try:
                code = process.wait()
                break
            except KeyboardInterrupt:
                continue  # the process has got it too, and is stopping its steps
    sys.exit(code)


def generated_text(obj: Any, source: Path, target: Path, tags: tuple[str, ...]) -> str:
    """Return the generated file of the flow that Metaflow's command line has loaded.

    Args:
        obj: Metaflow's command line state.
        source: The flow's file.
        target: Where the generated file will be.
        tags: Tags of the flow's runs.

    Raises:
        FlowProblem: The flow cannot become a Prefect flow.
    """
    root = click.get_current_context().find_root()
    flow = load_flow(
        obj.flow,
        options=explicit_options(root, sys.argv[1:]),
        run_options=[f"--tag={tag}" for tag in tags],
    )
    check(flow)
    relative = os.path.relpath(source, target.parent).replace(os.sep, "/")
    return render(flow, source=relative, output=target.name)
