"""What Prefect's pages say: any text stays text, and a wide run stays readable."""

from datetime import datetime, timezone
from uuid import UUID

import pytest
from metaflow_prefect.runtime.facts import Parameter
from metaflow_prefect.runtime.flow_run.artifacts import key_of_step, report_of_step, size_text
from metaflow_prefect.runtime.flow_run.failure_report import (
    RunFacts,
    failure_report,
    fixed_report,
)
from metaflow_prefect.runtime.flow_run.markdown import md_block, md_code, md_text
from metaflow_prefect.runtime.flow_run.naming import (
    NAME_VARIABLE,
    has_given_name,
    run_name,
    run_name_template,
)
from metaflow_prefect.runtime.flow_run.run_summary import RunSummary
from metaflow_prefect.runtime.flow_run.scheduler import Finish, Unit
from metaflow_prefect.runtime.flow_run.states import Failure
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.utilities.names import generate_slug

TASK_RUN = UUID(int=1)
RUN = RunFacts(
    flow="MyFlow",
    run_id="prefect-1",
    metadata="local@/somewhere",
    program="python flow.py",
    parameters={"who": "`a|b`\n# no heading"},
    resume="python out.py --resume prefect-1",
    has_retry=False,
    flow_run_url="http://host/runs/flow-run/1",
)


@pytest.mark.parametrize("text", ["[x](y)", "<b>", "a|b", "*a*", "`a`", "# a", "&lt;", "~~a~~"])
def test_text_is_no_markup(text: str) -> None:
    shown = md_text(text)
    assert all(f"\\{c}" in shown for c in text if not c.isalnum() and c not in " ;/")


def test_values_are_beside_a_link_whose_text_shows_escapes() -> None:
    one: Unit[object] = Unit("my_step", (2, 3), values=("IT-1", "<b>"), variables=("a", "b"))
    link = r"[my_step\[2,3\]](http://host/runs/task-run/1)"
    assert RUN.task_link(one, 1) == rf"{link} IT\-1/\<b\>"
    assert RUN.task_link(Unit("end", ()), 1) == "[end](http://host/runs/task-run/1)"


def test_code_and_blocks_hold_backticks() -> None:
    assert md_code("a`b") == "``a`b``"
    assert md_code("`") == "`` ` ``"
    assert md_code("a|b\nc") == r"`a\|b c`"
    assert md_block("```\nx") == ["````text", "```", "x", "````", ""]


def unit(index: int, value: str = "v") -> Unit[object]:
    return Unit("body", (index,), values=(value,), variables=("items",))


def test_a_failure_of_a_wide_foreach_is_listed_by_index_and_value() -> None:
    summary = RunSummary(RUN, ["start", "body"])
    summary.expect("body", 1000)
    for index in range(1000):
        summary.begun(unit(index))
        bad = index % 10 == 0
        state: State[object] = Failed(message=f"KeyError: {index}") if bad else Completed()
        summary.ended(unit(index, f"v{index}"), TASK_RUN, state)
    text = summary.text()
    assert "█████████░ 900/1000" in text
    assert "100 **[failed](http://host/runs/task-run/" in text
    url = "http://host/runs/task-run/00000000-0000-0000-0000-000000000001"
    assert rf"| [body\[0\]]({url}) v0 |" in text
    assert r"body\[990\] v990" in text
    assert len(text) < 15_000
    assert "not reached" in text


def test_a_report_tells_what_to_press() -> None:
    failure = Failure(unit(3, "a|b"), TASK_RUN, "KeyError: 3 in body[3] a|b, flow.py:1")
    text = failure_report(RUN, failure)
    assert text.startswith(r"# KeyError\: 3 in body\[3\] a\|b, flow\.py\:1")
    assert "```shell\npython out.py --resume prefect-1\n```" in text
    assert r"| `items` | 3 | `a\|b` |" in text
    assert "\n# no heading" not in text
    mended = fixed_report(RUN, text, succeeded=True)
    assert mended.count("Fixed") == 1
    assert fixed_report(RUN, mended, succeeded=True) == mended


def test_a_report_names_what_the_input_has() -> None:
    failed = Unit("body", (3,), inputs=[("prefect-1/start/start", TASK_RUN)])
    failure = Failure(failed, TASK_RUN, "KeyError: 3 in body[3]")
    text = failure_report(RUN, failure, left={"start": ["a", "b|c"], "body": ["x"]})
    assert r"Step `start` has left it `a`, `b\|c`." in text
    assert "'MyFlow/prefect-1/start/start'," in text


def test_a_steps_snippet_asks_for_something_new() -> None:
    artifacts = [
        {"name": "a", "type": "<class 'int'>", "size": 5, "new": False},
        {"name": "b", "type": "<class 'str'>", "size": 12_345, "new": True},
    ]
    text = report_of_step(RUN, unit(3), Finish("prefect-1/body/body-3", ["x"], artifacts=artifacts))
    assert "task = Task('MyFlow/prefect-1/body/body-3')\nprint(task.data.b)" in text
    assert "| `b` | str | 12 kB | new |" in text


def test_sizes_and_keys() -> None:
    assert [size_text(size) for size in (5, 1234, 12_345, 5_000_000)] == [
        "5 B",
        "1.2 kB",
        "12 kB",
        "5.0 MB",
    ]
    assert key_of_step("My_step") == "step-my-step"


def test_a_name_that_prefect_has_made_up_is_known() -> None:
    assert not any(has_given_name(generate_slug(2)) for _ in range(500))
    for star in ("theta654-hondo", "alpha2-ursae-majoris", "gamma-ledos-anomaly", "nu2-caph-z"):
        assert not has_given_name(star)
    for chosen in ("nightly", "nightly-training", "beta-test", "gamma-rays-v2", "beta-test-b"):
        assert has_given_name(chosen)


NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def test_a_run_is_named_by_what_it_was_given_or_by_its_time() -> None:
    assert run_name("MyFlow", {"who": "a\nb", "n": [1]}, NOW) == "MyFlow who=a b n=[1]"
    assert run_name("MyFlow", {}, NOW) == "MyFlow 2030-01-02 03:04:05"
    assert len(run_name("MyFlow", {str(n): "x" * 99 for n in range(99)}, NOW)) == 100


def test_a_run_is_named_as_its_user_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME_VARIABLE, "{my-who} by {flow}, {time} {{{parameters}}}")
    template = run_name_template([Parameter(name="my-who", kind="str")])
    named = run_name("MyFlow", {}, NOW, template, {"my-who": "Ada", "n": 3})
    assert named == "Ada by MyFlow, 2030-01-02 03:04:05 {}"
    assert run_name("MyFlow", {"n": 3}, NOW, "{parameters}", {"n": 3}) == "n=3"


@pytest.mark.parametrize("template", ["{who}", "{flow", "{flow.x}", "{flow!r}", "{flow:9}", "{}"])
def test_a_name_that_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, template: str
) -> None:
    monkeypatch.setenv(NAME_VARIABLE, template)
    with pytest.raises(ValueError, match=f"^{NAME_VARIABLE} is "):
        run_name_template([])
