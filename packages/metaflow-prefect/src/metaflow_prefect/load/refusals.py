"""What Metaflow says when it refuses a flow or an option, in terms of this package's errors."""

from __future__ import annotations

import re

from metaflow._vendor import click
from metaflow.exception import MetaflowException

from metaflow_prefect.errors import FlowProblem, UsageProblem

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def in_our_terms(error: BaseException) -> BaseException:
    """Return Metaflow's own error as one of ours; any other one as it is.

    Args:
        error: What loading a flow has raised.
    """
    match error:
        case MetaflowException():
            line = f" (line {error.line_no})" if error.line_no else ""
            ours: Exception = FlowProblem(f"{error.headline}{line}: {error.message}")
        case click.ClickException():
            text = ADDRESS.sub("", error.format_message())
            ours = UsageProblem(text, "Correct the option, or the config that it names.")
        case _:
            return error
    return ours.with_traceback(error.__traceback__)
