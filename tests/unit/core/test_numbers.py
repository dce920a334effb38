"""Numbers of the commands that make no sense are refused before anything is asked or made."""

import warnings
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what Metaflow imports warns of itself
    from metaflow._vendor import click
    from metaflow_prefect.commands.create import create
    from metaflow_prefect.commands.runs import list_runs


@pytest.mark.parametrize(
    ("command", "option", "number"),
    [
        (list_runs, "--limit", "-1"),
        (create, "--concurrency-limit", "0"),
        (create, "--workflow-timeout", "0"),
    ],
)
def test_number_below_one(command: Any, option: str, number: str) -> None:
    with pytest.raises(click.BadParameter, match=f"{number} is not 1 or more"):
        command.make_context("prefect", [option, number])
