"""A flow's deployment: from what its decorators say to what Prefect takes."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metaflow_prefect.deploy.description import Description, checked_name, describe, named_triggers
from metaflow_prefect.errors import FlowProblem, UsageProblem
from metaflow_prefect.generate.names import argument_names
from metaflow_prefect.model import DeploymentFacts, Event, FlowModel, ParameterModel, Upstream
from prefect.events import DeploymentTriggerTypes
from prefect.server.utilities.user_templates import (
    render_user_template_sync,
    validate_user_template,
)
from pydantic import TypeAdapter

NAMES = ("alpha", "my-beta", "class")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def flow(*names: str) -> FlowModel:
    parameters = tuple(ParameterModel(name=name, kind="int") for name in names)
    return FlowModel(
        name="TrainFlow", description="", start="start", steps=(), parameters=parameters
    )


def described(*names: str, **facts: Any) -> Description:
    return describe(flow(*names), DeploymentFacts(**facts))


def rendered(found: Description, *events: tuple[str, dict[str, Any]]) -> Any:
    """What a run gets as parameters when events have set its automation off."""
    (trigger,) = found.triggers
    template = trigger["parameters"]["value"]["template"]
    validate_user_template(template)
    context = {"events": [SimpleNamespace(event=name, payload=data) for name, data in events]}
    return json.loads(render_user_template_sync(template, context))


def test_plain_flow() -> None:
    found = described("alpha")
    assert found == Description(flow="TrainFlow", function="train_flow", name="default")
    assert Description.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_schedule() -> None:
    found = described(cron="0 10 ? * MON-FRI *", timezone="Europe/Prague")
    assert (found.cron, found.timezone) == ("0 10 * * 1-5", "Europe/Prague")
    assert described(cron="0 0 * * ? *").timezone == "UTC"
    with pytest.raises(FlowProblem, match="'Mars/Base' of @schedule is not known"):
        described(cron="0 0 * * ? *", timezone="Mars/Base")


@pytest.mark.parametrize(
    ("personal", "name", "tags"),
    [
        (True, "demo.user.ada", ("mine", "project:demo", "project_branch:user.ada")),
        (False, "demo", ("mine", "project:demo")),
    ],
)
def test_branch_of_a_user_is_for_that_user_only(
    personal: bool, name: str, tags: tuple[str, ...]
) -> None:
    facts = DeploymentFacts(project="demo", branch="user.ada", is_personal=True)
    found = describe(flow(), facts, tags=["mine"], personal=personal)
    assert (found.name, found.tags) == (name, tags)


def test_production_branch_is_for_all() -> None:
    facts = DeploymentFacts(project="demo", branch="prod.v2")
    assert describe(flow(), facts, personal=False).name == "demo.prod.v2"


def test_finish_of_a_flow_in_the_same_project() -> None:
    found = described(upstream=(Upstream(flow="A"),), project="demo", branch="prod")
    (trigger,) = found.triggers
    assert trigger == {
        "type": "event",
        "expect": ["prefect.flow-run.Completed"],
        "match_related": [
            {"prefect.resource.role": "flow", "prefect.resource.name": "A"},
            {"prefect.resource.role": "deployment"},
            {"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.project:demo"},
            {
                "prefect.resource.role": "tag",
                "prefect.resource.id": "prefect.tag.project_branch:prod",
            },
        ],
    }


def test_several_flows_all_have_to_finish() -> None:
    (trigger,) = described(upstream=(Upstream(flow="A"), Upstream(flow="B"))).triggers
    assert (trigger["type"], trigger["require"], len(trigger["triggers"])) == ("compound", "all", 2)


def test_prefect_takes_all_kinds_of_triggers() -> None:
    found = described(
        "alpha",
        upstream=(Upstream(flow="A", project="x", branch="prod"), Upstream(flow="B")),
        events=(Event(name="one", parameters=(("alpha", "a"),)), Event(name="two")),
    )
    named = named_triggers(found.triggers, "TrainFlow/default")
    taken = TypeAdapter(list[DeploymentTriggerTypes]).validate_python(named)
    assert [one.name for one in taken] == [
        "metaflow: TrainFlow/default when A completes and B completes",
        "metaflow: TrainFlow/default when the event one happens and the event two happens",
    ]


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_unmapped_event_gives_what_it_has_to_parameters_of_those_names(
    payload: dict[str, Any],
) -> None:
    found = described(*NAMES, events=(Event(name="e"),))
    arguments = argument_names(NAMES)
    expected = {arguments[name]: value for name, value in payload.items()}
    assert rendered(found, ("e", {**payload, "more": 1})) == expected


def test_events_give_what_is_mapped() -> None:
    events = (
        Event(name="one", parameters=(("ALPHA", "a"),)),
        Event(name="two", parameters=(("my-beta", "b"),)),
    )
    found = described(*NAMES, events=events)
    assert rendered(found, ("one", {"a": 1, "b": 2}), ("two", {"a": 3, "b": 4})) == {
        "alpha": 1,
        "my_beta": 4,
    }
    assert rendered(found, ("one", {}), ("two", {"b": None})) == {"my_beta": None}


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True))
def test_names_of_parameters_never_leave_the_template(names: list[str]) -> None:
    found = described(*names, events=(Event(name="e"),))
    arguments = argument_names(names)
    mapped = {name: number for number, name in enumerate(names) if "{" not in name}
    if mapped:
        expected = {arguments[name]: number for name, number in mapped.items()}
        assert rendered(found, ("e", dict(mapped))) == expected


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"events": (Event(name="a b"),)}, "another name than Metaflow allows"),
        (
            {"events": (Event(name="e", parameters=(("gamma", "a"),)),)},
            "the parameter gamma, which the flow does not have",
        ),
        (
            {"events": (Event(name="e", parameters=(("alpha", "a.b"),)),)},
            "takes 'a.b' from the event e",
        ),
        (
            {"events": (Event(name="e", parameters=(("alpha", "a"), ("ALPHA", "b"))),)},
            "more than once",
        ),
        ({"upstream": (Upstream(flow="A", project="x"),)}, "only a part of the project"),
        ({"upstream": (Upstream(flow="A", branch="prod"),)}, "only a part of the project"),
    ],
)
def test_what_makes_no_sense_is_refused(facts: dict[str, Any], told: str) -> None:
    with pytest.raises(FlowProblem) as caught:
        described("alpha", **facts)
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["a/b", "100%", "", " ", "<b>"])
def test_names_that_prefect_refuses(name: str) -> None:
    with pytest.raises(UsageProblem, match="cannot be named"):
        checked_name(name)
