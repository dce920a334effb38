"""What has set a run off is told to containers by what `--with` can carry."""

import json
import warnings
from typing import Any

import pytest
from metaflow_prefect.runtime.host.triggers import CANNOT_TELL, TELLS_CONTAINERS, tell_containers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Metaflow's of its own dependencies
    from metaflow import FlowSpec, current, kubernetes, step
    from metaflow.decorators import extract_step_decorator_from_decospec, get_all_step_decos
    from metaflow.exception import MetaflowException
    from metaflow.util import dict_to_cli_options

AWKWARD = """a,b="c'{d}$(E) $f `g` \\" Ref::h \\u00fc\n"""
EVENT = {"type": "event", "name": AWKWARD, "id": "1", "timestamp": 3}
RUN = {"type": "run", "name": "metaflow.UpFlow.end", "id": "UpFlow/2/end", "timestamp": 5}


class FarFlow(FlowSpec):  # type: ignore[misc]
    @kubernetes  # type: ignore[untyped-decorator]
    @step  # type: ignore[untyped-decorator]
    def start(self) -> None:
        self.next(self.end)

    @step  # type: ignore[untyped-decorator]
    def end(self) -> None:
        pass


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The remote step of a flow that two events have set off."""
    monkeypatch.setenv("METAFLOW_PREFECT_TRIGGER", json.dumps([EVENT, RUN]))
    monkeypatch.setattr(FarFlow.start, "decorators", [*FarFlow.start.decorators])
    return [FarFlow.start]


def test_what_the_command_says_is_what_the_step_knows(
    steps: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tell_containers(steps) is None
    _, added = steps[0].decorators
    spec = added.make_decorator_spec()
    assert list(dict_to_cli_options({"decospecs": [spec]})) == ["--with", spec], "needs no quotes"
    monkeypatch.setattr(type(current), "trigger", None, raising=False)
    read, _ = extract_step_decorator_from_decospec(spec)
    read.external_init()
    read.task_pre_step("start", *[None] * 10)
    assert [event.name for event in current.trigger.events] == [RUN["name"], AWKWARD]
    assert [event.id for event in current.trigger.events] == [RUN["id"], "1"]


def test_without_a_trigger_nothing_is_added(
    steps: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("METAFLOW_PREFECT_TRIGGER")
    assert tell_containers(steps) is None
    assert [one.name for one in steps[0].decorators] == ["kubernetes"]


def test_where_metaflow_does_not_know_the_decorator_it_is_said(
    steps: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(get_all_step_decos(), TELLS_CONTAINERS)
    assert tell_containers([]) is None
    assert tell_containers(steps) == CANNOT_TELL
    assert [one.name for one in steps[0].decorators] == ["kubernetes"]


@pytest.mark.parametrize("signs", ["x", "1", "{}", "W3s"])
def test_what_was_written_by_hand_is_refused(signs: str) -> None:
    read, _ = extract_step_decorator_from_decospec(f"{TELLS_CONTAINERS}:triggers={signs}")
    with pytest.raises(MetaflowException, match="not made for use by hand"):
        read.external_init()
