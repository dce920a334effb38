"""Which task follows which, for every shape of graph, without Prefect and Metaflow."""

import itertools
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metaflow_prefect.runtime.facts import Step
from metaflow_prefect.runtime.flow_run.scheduler import Finish, RunFailure, Scheduler, Unit

Says = Callable[[Unit[str]], Finish]


def step(kind: str, *following: str, closes: str | None = None) -> Step:
    return Step(task=None, kind=kind, next=following, closes=closes)  # type: ignore[arg-type]


def goes_on(unit: Unit[str], steps: Mapping[str, Step], splits: int = 2) -> Finish:
    """What a task says that takes the first way and splits into two."""
    facts = steps[unit.step]
    following = facts.next[:1] if facts.kind == "switch" else facts.next
    if facts.kind == "foreach":
        return Finish(unit.task_id, following, foreach="x", num_splits=splits)
    return Finish(unit.task_id, following)


def run(
    steps: Mapping[str, Step], says: Says, pick: Callable[[int], int] = lambda _: 0
) -> list[Unit[str]]:
    """Run a graph; of the tasks that run, the picked one finishes next."""
    scheduler: Scheduler[str] = Scheduler(next(iter(steps)), steps, 100)
    scheduler.begin("parameters")
    running: list[Unit[str]] = []
    seen = []
    while True:
        while (unit := scheduler.next_ready()) is not None:
            running.append(unit)
            seen.append(unit)
        if not running:
            return seen
        unit = running.pop(pick(len(running)))
        scheduler.finished(unit, says(unit), f"token of {unit.task_id}")


SPLIT = {
    "start": step("split", "a", "b"),
    "a": step("linear", "join"),
    "b": step("linear", "join"),
    "join": step("join", "end", closes="start"),
    "end": step("end"),
}
NESTED = {
    "start": step("foreach", "inner"),
    "inner": step("foreach", "body"),
    "body": step("linear", "join_inner"),
    "join_inner": step("join", "join", closes="inner"),
    "join": step("join", "end", closes="start"),
    "end": step("end"),
}
SWITCH_IN_SPLIT = {
    "start": step("split", "choose", "b"),
    "choose": step("switch", "x", "y"),
    "x": step("linear", "join"),
    "y": step("linear", "join"),
    "b": step("linear", "join"),
    "join": step("join", "end", closes="start"),
    "end": step("end"),
}
LOOP = {
    "start": step("linear", "loop"),
    "loop": step("switch", "loop", "end"),
    "end": step("end"),
}


@pytest.mark.parametrize(
    ("steps", "tasks"),
    [
        pytest.param(
            {"start": step("linear", "end"), "end": step("end")}, ["start", "end"], id="linear"
        ),
        pytest.param({"only": step("end")}, ["only"], id="single"),
        pytest.param(SPLIT, ["start", "a", "b", "join", "end"], id="split"),
        pytest.param(
            NESTED,
            [
                *("start", "inner-0", "inner-1", "body-0-0", "body-0-1", "body-1-0", "body-1-1"),
                *("join_inner-0", "join_inner-1", "join", "end"),
            ],
            id="nested-foreach",
        ),
        pytest.param(
            SWITCH_IN_SPLIT,
            ["start", "choose", "b", "x", "join", "end"],
            id="switch-in-split",
        ),
    ],
)
def test_every_task_of_a_graph_runs_once(steps: dict[str, Step], tasks: list[str]) -> None:
    assert [unit.task_id for unit in run(steps, lambda u: goes_on(u, steps))] == tasks


def test_a_loop_counts_its_rounds() -> None:
    def says(unit: Unit[str]) -> Finish:
        if unit.step == "loop":
            return Finish(unit.task_id, ["end" if unit.iteration == 2 else "loop"])
        return goes_on(unit, LOOP)

    units = run(LOOP, says)
    assert [u.task_id for u in units] == ["start", "loop-i0", "loop-i1", "loop-i2", "end"]
    assert [str(u) for u in units[1:3]] == ["loop #0", "loop #1"]
    assert [u.index for u in units[1:3]] == ["loop[][0]", "loop[][1]"]


def test_a_loop_after_a_loop_goes_on_with_its_count() -> None:
    steps = {
        "start": step("switch", "start", "loop"),
        "loop": step("switch", "loop", "end"),
        "end": step("end"),
    }

    def says(unit: Unit[str]) -> Finish:
        following = {0: "start", 1: "loop", 2: "loop", 3: "end"}
        return Finish(unit.task_id, [] if unit.iteration is None else [following[unit.iteration]])

    units = run(steps, says)
    assert [u.index for u in units] == [
        *("start[][0]", "start[][1]", "loop[][2]", "loop[][3]", "end[][]")
    ]


def run_in_order(steps: Mapping[str, Step], splits: int, order: list[int]) -> list[Unit[str]]:
    picks = itertools.cycle(order)
    return run(steps, lambda unit: goes_on(unit, steps, splits), lambda count: next(picks) % count)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 1000), min_size=60, max_size=60), st.integers(1, 4))
def test_order_of_arrival_does_not_matter(order: list[int], splits: int) -> None:
    for steps in (SPLIT, NESTED, SWITCH_IN_SPLIT):
        units = run_in_order(steps, splits, order)
        ids = [unit.task_id for unit in units]
        assert len(ids) == len(set(ids))
        assert ids[-1] == "end"
        inputs = {unit.task_id: [path for path, _ in unit.inputs] for unit in units}
        if steps is SPLIT:
            assert inputs["join"] == ["a", "b"]
        elif steps is SWITCH_IN_SPLIT:
            assert inputs["join"] == ["b", "x"] or inputs["join"] == ["x", "b"]
        else:
            assert inputs["join"] == [f"join_inner-{i}" for i in range(splits)]
            for outer in range(splits):
                bodies = [f"body-{outer}-{i}" for i in range(splits)]
                assert inputs[f"join_inner-{outer}"] == bodies
        for unit in units[1:]:
            assert [token for _, token in unit.inputs] == [
                f"token of {path}" for path, _ in unit.inputs
            ]


def test_a_foreach_makes_its_tasks_one_at_a_time() -> None:
    count = 100_000
    scheduler: Scheduler[str] = Scheduler("start", NESTED, count)
    scheduler.begin("parameters")
    unit = scheduler.next_ready()
    assert unit is not None
    scheduler.finished(unit, Finish("start", ["inner"], foreach="x", num_splits=count), "token")
    made = 0
    made_by_class = Unit.__init__

    def counting(self: Unit[str], *args: object, **settings: object) -> None:
        nonlocal made
        made += 1
        made_by_class(self, *args, **settings)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Unit, "__init__", counting)
        first, second = scheduler.next_ready(), scheduler.next_ready()
    assert [u and u.extras["split_index"] for u in (first, second)] == ["0", "1"]
    assert made == 2


def test_more_splits_than_allowed_fail_before_any_runs() -> None:
    with pytest.raises(RunFailure, match="more than the current maximum of 100") as failure:
        run(NESTED, lambda u: goes_on(u, NESTED, 101))
    assert (failure.value.step, failure.value.task_id) == ("start", "start")


@pytest.mark.parametrize("following", [["b"], ["b", "a"], [], ["a", "b", "join"]], ids="-".join)
def test_a_transition_that_the_graph_does_not_have_fails(following: list[str]) -> None:
    with pytest.raises(RunFailure, match="static analysis"):
        run(SPLIT, lambda u: Finish(u.task_id, following))


@pytest.mark.parametrize("is_mapper", [True, False])
@pytest.mark.parametrize("following", [["join"], []])
def test_the_join_of_a_parallel_step_waits_for_all_nodes(
    is_mapper: bool, following: list[str]
) -> None:
    steps = {
        "start": step("foreach", "body"),
        "body": step("linear", "join"),
        "join": step("join", "end", closes="start"),
        "end": step("end"),
    }
    nodes = ["body/0", "body/1", "body/2"]

    def says(unit: Unit[str]) -> Finish:
        if unit.step == "start":
            return Finish("start", ["body"], foreach="x", num_splits=3, unbounded=True)
        if "ubf_context" in unit.extras:
            path = nodes[0] if is_mapper else "control"
            return Finish(path, ["join"], mapper_paths=nodes, control_is_mapper=is_mapper)
        if unit.step == "body":
            return Finish(unit.extras["node_path"], following)
        return goes_on(unit, steps)

    units = run(steps, says)
    bodies = ["body"] * (3 if is_mapper else 4)
    assert [unit.step for unit in units] == ["start", *bodies, "join", "end"]
    assert units[1].extras["ubf_context"] == "ubf_control"
    assert [path for path, _ in units[-2].inputs] == nodes


def test_the_end_is_asserted_from_the_end_step_itself() -> None:
    scheduler: Scheduler[str] = Scheduler("start", SPLIT, 100)
    scheduler.begin("parameters")
    with pytest.raises(RunFailure, match="last step has not been reached"):
        scheduler.end_path()
    for _ in range(2):
        unit = scheduler.next_ready()
        assert unit is not None
        scheduler.finished(unit, goes_on(unit, SPLIT), "token")
    with pytest.raises(RunFailure, match=r"still waiting: join \(has 1 of its inputs\)"):
        scheduler.end_path()
    while (unit := scheduler.next_ready()) is not None:
        scheduler.finished(unit, goes_on(unit, SPLIT), "token")
    assert scheduler.end_path() == "end"


def test_a_task_run_is_found_by_either_name() -> None:
    assert Unit("start").searched_name == "start"
    assert Unit("loop", iteration=2).searched_name == "loop #2 (loop-i2)"
    unit: Unit[str] = Unit("evaluate", (2, 3), values=("IT", "boost"))
    assert unit.searched_name == "evaluate[2,3] IT/boost (evaluate-2-3)"
    node: Unit[str] = Unit("nodes", (1,), extras={"node_path": "prefect-1/nodes/nodes-0_node_1"})
    assert node.searched_name == "nodes[1] (nodes-0_node_1)"
