"""Which parameters a deployment's schedule would need that nobody gives."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from metaflow_prefect.deploy.deployment import Deployment, unscheduled_parameters
from metaflow_prefect.deploy.description import EARLIER_SLUG, Description

FACTS = {"parameter_openapi_schema": {"required": ["alpha", "the_day"]}}
GIVEN: dict[str, Any] = {"alpha": 1, "the_day": "today"}


def deployment(**more: Any) -> Deployment:
    described = Description(
        flow="A",
        function="a",
        name="b",
        cron=more.pop("cron", "0 5 * * *"),
        renamed={"the-day": "the_day"},
    )
    facts: dict[str, Any] = {"folder": Path(), "entrypoint": "a.py:a", "pull": (), "work_pool": "p"}
    return Deployment(description=described, name="b", **facts, **more)


def found(*, active: bool = True, **parameters: Any) -> Any:
    ours = SimpleNamespace(slug=EARLIER_SLUG, active=active)
    theirs = SimpleNamespace(slug=None, active=True)
    return SimpleNamespace(schedules=[theirs, ours], parameters=parameters)


@pytest.mark.parametrize(
    ("more", "there", "unset"),
    [
        ({}, None, ["alpha", "the-day"]),
        ({"settings": {"parameters": {"alpha": 1}}}, None, ["the-day"]),
        ({"settings": {"parameters": GIVEN}}, None, []),
        ({}, found(alpha=1), ["the-day"]),
        ({}, found(**GIVEN), []),
        ({"settings": {"parameters": {"alpha": 1}}}, found(**GIVEN), ["the-day"]),  # replaces them
        ({"cron": None}, None, []),
        ({"scheduled": False}, None, []),
        ({}, found(active=False), []),
        ({"scheduled": True}, found(active=False), ["alpha", "the-day"]),
    ],
)
def test_parameters_that_a_schedule_lacks(more: Any, there: Any, unset: list[str]) -> None:
    assert unscheduled_parameters(deployment(**more), FACTS, there) == unset


def test_no_parameter_is_required() -> None:
    facts: dict[str, Any] = {"parameter_openapi_schema": {}}
    assert unscheduled_parameters(deployment(), facts, None) == []
