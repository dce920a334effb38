"""The generated text is as the formatter would write it, whatever the flow is."""

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from metaflow_prefect.model import (
    FlowModel,
    LiteralDict,
    LiteralList,
    Literals,
    ParameterModel,
    TaskModel,
)
from metaflow_prefect.runtime.facts import Step
from support.run import LIMIT
from unit.core.test_render import KINDS, own_part, written

IDENTIFIERS = st.from_regex(r"[a-z][a-z_0-9]{0,50}", fullmatch=True)
TEXTS = st.text(st.sampled_from("ab \"'\\\n\té日{}"), max_size=60)
DEFAULTS: st.SearchStrategy[Literals] = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | TEXTS
    | st.lists(TEXTS | st.integers(), max_size=2).map(lambda found: LiteralList(tuple(found)))
    | st.dictionaries(TEXTS, st.floats(), max_size=2).map(
        lambda found: LiteralDict(tuple(found.items()))
    )
)
PARAMETERS = st.builds(
    ParameterModel,
    name=IDENTIFIERS | TEXTS,
    kind=st.sampled_from(KINDS),
    default=DEFAULTS,
    required=st.booleans(),
    help=TEXTS,
    choices=st.lists(TEXTS, max_size=3, unique=True).map(tuple),
    multiple=st.booleans(),
    is_flag=st.booleans(),
    arity=st.integers(1, 3),
)
TASKS = st.builds(
    TaskModel,
    name=IDENTIFIERS,
    description=TEXTS,
    user_retries=st.integers(0, 2),
    error_retries=st.integers(0, 1),
    retry_delay=st.sampled_from([0, 60.0]),
    tags=st.lists(TEXTS, max_size=2).map(tuple),
)
STEPS = st.builds(
    Step,
    kind=st.sampled_from(["linear", "split", "foreach", "switch", "join", "end"]),
    next=st.lists(IDENTIFIERS, max_size=3).map(tuple),
    closes=st.none() | IDENTIFIERS,
    task=TASKS,
)
FLOWS = st.builds(
    FlowModel,
    name=IDENTIFIERS.map(str.title),
    description=TEXTS,
    start=IDENTIFIERS,
    steps=st.lists(STEPS, min_size=1, max_size=3, unique_by=lambda step: step.name).map(tuple),
    parameters=st.lists(PARAMETERS, max_size=4, unique_by=lambda found: found.name).map(tuple),
    options=st.lists(TEXTS, max_size=2).map(tuple),
)


def format_differences(*files: Path) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--diff", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    return ended.stdout if ended.returncode else ""


@pytest.mark.process
@settings(
    max_examples=4,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.large_base_example,
        HealthCheck.data_too_large,
    ],
)
@given(st.lists(FLOWS, min_size=10, max_size=10))
def test_any_flow_is_written_as_the_formatter_would(
    tmp_path_factory: pytest.TempPathFactory, flows: list[FlowModel]
) -> None:
    folder = tmp_path_factory.mktemp("flows")
    files = []
    for place, flow in enumerate(flows):
        text = own_part(written(flow))
        ast.parse(text)
        files.append(folder / f"flow_{place}.py")
        files[-1].write_text(text.rstrip() + "\n", encoding="utf-8")
    if differences := format_differences(*files):
        pytest.fail(differences, pytrace=False)


@pytest.mark.process
@pytest.mark.parametrize("length", [*range(20, 60, 3), 90])
def test_a_long_name_is_written_as_the_formatter_would(tmp_path: Path, length: int) -> None:
    name = "n" * length
    flow = FlowModel(
        name=f"F{name}",
        description=name,
        start=name,
        steps=(Step(TaskModel(name=name, description=name), "end"),),
        parameters=(
            ParameterModel(name=name, kind="str", multiple=True, help=name),
            ParameterModel(name=f"{name}1", kind="str", choices=("a" * length, "b" * length)),
            ParameterModel(name=f"{name}2", kind="json", default=LiteralList((1,))),
            ParameterModel(name=f"{name}3", kind="float", default=float("inf")),
        ),
    )
    files = [tmp_path / "long.py", tmp_path / "without_parameters.py"]
    files[0].write_text(written(flow), encoding="utf-8")
    files[1].write_text(written(replace(flow, parameters=())), encoding="utf-8")
    assert format_differences(*files) == ""
