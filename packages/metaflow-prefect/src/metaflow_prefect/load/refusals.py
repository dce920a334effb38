"""What Metaflow says when it refuses a flow or an option, in terms of this package's errors."""

from __future__ import annotations

import re

from metaflow._vendor import click
from metaflow.exception import MetaflowException

from metaflow_prefect.errors import FlowProblem, UsageProblem
from metaflow_prefect.runtime.host.script import told_by_metaflow

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def in_our_terms(error: BaseException) -> BaseException:
    """Return Metaflow's own error as one of ours; any other one as it is.

    Args:
        error: What loading a flow has raised.
    """
    match error:
        case MetaflowException():
            ours: Exception = FlowProblem(told_by_metaflow(error))
        case click.ClickException():
            text = ADDRESS.sub("", error.format_message())
            ours = UsageProblem(text, "Correct the option, or the config that it names.")
        case _:
            return error
    return ours.with_traceback(error.__traceback__)
