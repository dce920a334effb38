"""What makes a flow impossible to convert: every problem of it at once."""

from __future__ import annotations

from collections.abc import Iterable

from metaflow_prefect.errors import FlowProblem
from metaflow_prefect.model import FlowModel


def check(flow: FlowModel) -> None:
    """Refuse a flow that Prefect cannot run.

    Args:
        flow: The flow.

    Raises:
        FlowProblem: Something in it is impossible; the message has every such thing.
    """
    refuse(flow.name, _problems(flow))


def refuse(flow: str, problems: Iterable[str]) -> None:
    """Refuse a flow for some problems, if there are any.

    Args:
        flow: The flow's name.
        problems: What is wrong with it, a sentence or two each.

    Raises:
        FlowProblem: There is a problem; the message has them all.
    """
    lines = "\n".join(f"  {problem}" for problem in problems)
    if lines:
        raise FlowProblem(f"{flow} cannot become a Prefect flow:\n{lines}")


def _problems(flow: FlowModel) -> list[str]:
    known = {step.name for step in flow.steps}
    return [
        f"Step {step.name} goes on to {name}, which is no step. Fix its self.next()."
        for step in flow.steps
        for name in step.next
        if name not in known
    ]
