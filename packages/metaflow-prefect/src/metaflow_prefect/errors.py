"""Every error that a user can cause: what happened, what to do, and the exit code."""

from __future__ import annotations


class MetaflowPrefectError(Exception):
    """An error that a user can cause.

    Args:
        message: What happened, in a sentence or a few lines.
        remedy: What to do next, in a sentence.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class UsageProblem(MetaflowPrefectError):
    """The command line makes no sense."""

    exit_code = 2


class OutputProblem(MetaflowPrefectError):
    """The generated file cannot be written where it should be."""

    exit_code = 3


class FlowProblem(MetaflowPrefectError):
    """The flow cannot become a Prefect flow; all reasons are in the message."""

    exit_code = 4


class DeployProblem(MetaflowPrefectError):
    """Prefect did not take the deployment."""

    exit_code = 5


class OperationProblem(MetaflowPrefectError):
    """A deployment or a run of one cannot be operated as asked for."""

    exit_code = 1
