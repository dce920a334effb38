"""What Metaflow would refuse about a flow when it runs: found when it is converted."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from metaflow.lint import LintWarn, linter

from metaflow_prefect.errors import FlowProblem
from metaflow_prefect.load.step_problems import REMOTE_STORES, StepProblems


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


def problems_of(flow: Any, options: Sequence[str]) -> Iterator[str]:
    """Find all that Metaflow would refuse about a flow.

    Args:
        flow: An instance of a `FlowSpec`, its decorators initialised.
        options: Metaflow's top-level options that it is to run with.

    Yields:
        Each problem, in a sentence or two.
    """
    yield from _import_problems()
    yield from _parameter_problems(flow)
    yield from _graph_problems(flow._graph)
    yield from StepProblems.found
    yield from _datastore_problems(flow, options)


def _import_problems() -> Iterator[str]:
    """Check the file that runs: Metaflow's steps run it as a script, not as a module."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    if file is None:
        return
    for node in ast.parse(Path(file).read_bytes()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            yield (
                f"line {node.lineno}: A step runs this file as a script, where the relative "
                f"import of {'.' * node.level}{node.module or ''} fails. Give the package's name."
            )


def _parameter_problems(flow: Any) -> Iterator[str]:
    """Check names as Metaflow does when a run starts, where case does not count.

    Names of configs are none of these, and Metaflow has checked them when it loaded the flow.
    """
    seen: set[str] = set()
    for _, parameter in flow._get_parameters():
        if parameter.IS_CONFIG_PARAMETER:
            continue
        if parameter.name.lower() in seen:
            yield (
                f"Parameter {parameter.name} is specified twice; upper and lower case count as the "
                "same. Rename one of them."
            )
        seen.add(parameter.name.lower())


def _graph_problems(graph: Any) -> Iterator[str]:
    """Run every check of Metaflow's own linter, which stops at the first that fails."""
    is_broken = False
    for check in linter._checks:
        if not any(getattr(linter, setting) for setting in check.attrs):
            continue
        try:
            check(graph)
        except LintWarn as warning:
            is_broken = True
            place = f"line {warning.line_no}: " if warning.line_no else ""
            yield f"{place}{warning.message.replace('*', '')}"
        except (AttributeError, KeyError, TypeError):
            if not is_broken:
                raise
            continue  # the check expects a graph that passes those before it


def _datastore_problems(flow: Any, options: Sequence[str]) -> Iterator[str]:
    """Check that steps on other machines reach the datastore that the options name."""
    named = dict(option.split("=", 1) for option in options if "=" in option).get("--datastore")
    if named is None:
        return
    for step in flow:
        for name in sorted({decorator.name for decorator in step.decorators}):
            stores = REMOTE_STORES.get(name, (named,))
            if named not in stores:
                choices = " or ".join(f"--datastore={store}" for store in stores)
                yield (
                    f"Step {step.__name__}: @{name} cannot reach the data of "
                    f"--datastore={named}. Use {choices}."
                )
