"""The generated text: it compiles, is formatted, and says what the flow says."""

import ast
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from metaflow_prefect.generate import generated_file
from metaflow_prefect.generate.embed import DIVIDERS
from metaflow_prefect.generate.generated_file import Origin, origin_of
from metaflow_prefect.generate.render import render
from metaflow_prefect.model import (
    FlowModel,
    LiteralDict,
    LiteralList,
    ParameterModel,
    Runtime,
    TaskModel,
)
from metaflow_prefect.runtime.facts import Parameter, ParameterKind, Step
from metaflow_prefect.runtime.flow_run.values import parameters_of
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema
from unit.core.interpreters import OLDEST_AND_NEWEST, interpreter, run_python

Load = Callable[[str], Any]

START = Step(TaskModel(name="start"), "linear", ("end",))
END = Step(TaskModel(name="end"), "end")
LINEAR = FlowModel(name="LinearFlow", description="", start="start", steps=(START, END))
KINDS = get_args(ParameterKind)
HOSTILE_TEXTS = [
    pytest.param("plain", id="plain"),
    pytest.param("\"quoted\" and 'quoted'", id="quotes"),
    pytest.param('"""', id="triple-quotes"),
    pytest.param('a """" b """""" c\'\'\'', id="more-quotes"),
    pytest.param('ends with "', id="quote-at-the-end"),
    pytest.param("C:\\new\\x00\\N{DASH}\\", id="backslashes"),
    pytest.param("a\0b\x1b[31m\x7f", id="control"),
    pytest.param("\ud800 \udfff", id="surrogates"),
    pytest.param("\u202egnol \u2066x\u2069 \u200b", id="bidirectional"),
    pytest.param("{braces} {unit} {{", id="braces"),
    pytest.param("%s %(x)d 100%", id="percent"),
    pytest.param("Args: alpha: Returns: >>> Raises:", id="docstring-sections"),
    pytest.param(":param beta: gone", id="restructured-text"),
    pytest.param("\n# ===== Metaflow's side", id="divider"),
    pytest.param("word " * 2000 + "end", id="long"),
    pytest.param("日本語 žluťoučký \U0001f40d \U0001fae0", id="alphabets"),
]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a generated text into a file and import that."""

    def import_text(text: str) -> Any:
        path = tmp_path / "generated_by_test.py"
        path.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # where the annotations of its classes are looked up
        try:
            spec.loader.exec_module(module)
        finally:
            del sys.modules[path.stem]
        return module

    return import_text


def written(flow: FlowModel, source: str = "flow.py", output: str = "out.py") -> str:
    return render(flow, source=source, output=output)


def own_part(text: str) -> str:
    return text[: text.index(DIVIDERS[0])]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_descriptions_and_help_texts_arrive_unchanged(text: str, load: Load) -> None:
    flow = replace(
        LINEAR,
        description=text,
        steps=(replace(START, task=TaskModel(name="start", description=text)), END),
        parameters=(
            ParameterModel(name="alpha", kind="str", default=text, help=text),
            ParameterModel(name="beta", kind="json", default=LiteralList((text,)), help="Second."),
        ),
    )
    module = load(written(flow))
    assert module.linear_flow.description == text
    assert module.step_start.description == text
    alpha, beta = parameters_of(module.linear_flow)
    assert (alpha.help, beta.help) == (text, "Second.")
    defaults = inspect.signature(module.linear_flow.fn).parameters
    assert defaults["alpha"].default == text
    assert defaults["beta"].default == [text]
    schema = parameter_schema(module.linear_flow.fn).properties
    assert schema["alpha"]["description"] == " ".join(text.split())
    assert schema["beta"]["description"] == "Second."


def test_a_help_text_of_several_lines_is_one_for_prefect(load: Load) -> None:
    alpha = ParameterModel(name="alpha", kind="int", default=1, help="One,\n\n  two\tthree.\n")
    module = load(written(replace(LINEAR, parameters=(alpha,))))
    schema = parameter_schema(module.linear_flow.fn).properties
    assert schema["alpha"]["description"] == "One, two three."
    assert parameters_of(module.linear_flow)[0].help == alpha.help


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("../flows/my flow.py", id="blank"),
        pytest.param('"""; import os; """.py', id="quotes"),
        pytest.param("back\\slash\\", id="backslash"),
        pytest.param("new\nline.py", id="line-end"),
        pytest.param("\udcff.py", id="not-utf-8"),
        pytest.param("$(touch x).py", id="shell"),
        pytest.param("flöw_₿\U0001fae0.py", id="newer-than-unicode-3.2"),
        pytest.param("a, made from b..py", id="words-of-the-docstring"),
    ],
)
def test_any_file_name_is_written_safely(source: str, load: Load) -> None:
    text = written(LINEAR, source=source, output=source)
    module = load(text)
    assert module.metaflow_flow().source == source
    assert origin_of(text.encode()) == Origin("LinearFlow", source)
    assert module.__doc__.startswith(
        f"Prefect flow of the Metaflow flow LinearFlow, made from {source}"
    )


@pytest.mark.parametrize(
    ("parameter", "annotation", "default"),
    [
        (ParameterModel(name="p", kind="int", required=True), "int", inspect.Parameter.empty),
        (ParameterModel(name="p", kind="int", default=3), "int", 3),
        (ParameterModel(name="p", kind="float", default=1e-5), "float", 1e-5),
        (ParameterModel(name="p", kind="bool", default=False), "bool", False),
        (ParameterModel(name="p", kind="str"), "str | None", None),
        (ParameterModel(name="p", kind="file"), "str | None", None),
        (ParameterModel(name="p", kind="json"), "Any", None),
        (ParameterModel(name="p", kind="json", default=LiteralDict((("a", 1),))), "Any", {"a": 1}),
        (ParameterModel(name="p", kind="str", choices=("a", "b"), default="a"),
         "Literal['a', 'b']", "a"),
        (ParameterModel(name="p", kind="int", multiple=True, default=LiteralList((1, 2))),
         "list[int]", [1, 2]),
        (ParameterModel(name="p", kind="int", arity=2, multiple=True),
         "list[list[int]] | None", None),
        (ParameterModel(name="p", kind="str", is_flag=True, default=True), "bool", True),
    ],
    ids=["required", "int", "float", "bool", "str", "file", "json", "table", "choice", "multiple",
         "pairs", "flag"],
)  # fmt: skip
def test_a_parameter_has_its_type_and_default(
    parameter: ParameterModel, annotation: str, default: object, load: Load
) -> None:
    module = load(written(replace(LINEAR, parameters=(parameter,))))
    found = inspect.signature(module.linear_flow.fn).parameters["p"]
    assert found.kind is inspect.Parameter.KEYWORD_ONLY
    assert found.annotation.removeprefix("Annotated[").startswith(annotation)
    assert found.default == default
    assert type(found.default) is type(default)
    schema = parameter_schema(module.linear_flow.fn).model_dump_for_openapi()
    assert ("p" in schema.get("required", [])) is parameter.required
    json.dumps(schema)


def test_a_parameter_is_read_back_as_it_was_written(load: Load) -> None:
    parameters = tuple(
        ParameterModel(
            name=f"p-{place}",
            kind=kind,
            required=required,
            help="One.\n\nTwo." if required else "",
            choices=("a", "b c") if kind == "str" and multiple else (),
            multiple=multiple,
            arity=arity,
            is_counter=kind == "int" and required,
        )
        for place, (kind, required, multiple, arity) in enumerate(
            product(KINDS, (True, False), (True, False), (1, 2))
        )
    )
    flags = tuple(
        ParameterModel(name=f"flag_{kind}", kind=kind, is_flag=True, default=True) for kind in KINDS
    )
    module = load(written(replace(LINEAR, parameters=parameters + flags)))
    expected = [
        Parameter(**{field.name: getattr(one, field.name) for field in fields(Parameter)})
        for one in parameters + flags
    ]
    found = parameters_of(module.linear_flow)
    assert [replace(one, argument="") for one in found] == expected
    assert [one.argument for one in found] == [one.name.replace("-", "_") for one in expected]


def test_an_attempt_of_metaflow_is_one_of_prefect() -> None:
    task = TaskModel(name="start", user_retries=2, error_retries=1, retry_delay=120.0)
    step = replace(START, task=task)
    text = own_part(written(replace(LINEAR, steps=(step, END))))
    assert "retries=3, retry_delay_seconds=[120.0, 120.0, 0.0]" in text


def ten_steps() -> FlowModel:
    names = [f"step_{number}" for number in range(10)]
    steps = [
        Step(
            TaskModel(
                name=name,
                description="What this step does, told in a sentence that is as long as they are.",
                user_retries=3,
                retry_delay=120.0,
                tags=("cpu=4", "memory=16000"),
            ),
            "linear" if following else "end",
            (following,) if following else (),
        )
        for name, following in zip(names, [*names[1:], ""], strict=True)
    ]
    parameters = [
        ParameterModel(name="rate", kind="float", default=0.1, help="How fast it learns."),
        ParameterModel(name="shape", kind="json", default=LiteralList((1, 2)), help="Its shape."),
        ParameterModel(name="class", kind="str", choices=("a", "b"), help="Which class."),
    ]
    return FlowModel(
        name="TenStepsFlow",
        description="A flow.",
        start=names[0],
        steps=tuple(steps),
        parameters=tuple(parameters),
    )


def test_ten_steps_and_three_parameters_are_a_short_file() -> None:
    flow = ten_steps()
    short = render(flow, source="flow.py", output="out.py", runtime="installed")
    assert len(short.splitlines()) < 90
    assert "\n    python flow.py prefect create out.py --runtime installed\n" in short
    long = own_part(written(flow)).splitlines()
    (first, *_) = (number for number, line in enumerate(long, 1) if line.startswith("@task("))
    assert first <= 30
    assert len(long) - first <= 30 + 4 * 10 + 2 * 3


def test_another_version_changes_one_line_of_a_short_file(monkeypatch: pytest.MonkeyPatch) -> None:
    before = render(ten_steps(), source="flow.py", output="out.py", runtime="installed")
    monkeypatch.setattr(generated_file, "__version__", "9.8.7")
    after = render(ten_steps(), source="flow.py", output="out.py", runtime="installed")
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    assert [number for number, (old, new) in enumerate(pairs) if old != new] == [0]


@pytest.mark.parametrize("runtime", ["embedded", "installed"])
def test_prefect_finds_the_flow_where_the_file_cannot_be_imported(
    tmp_path: Path, runtime: Runtime
) -> None:
    text = render(ten_steps(), source="flow.py", output="out.py", runtime=runtime)
    text = text.replace(
        "from prefect import State", "import not_installed_at_all\nfrom prefect import State"
    )
    file = tmp_path / "out.py"
    file.write_text(text, encoding="utf-8")
    found: Flow[..., Any] = load_flow_from_entrypoint(f"{file}:ten_steps_flow")
    assert found.name == "TenStepsFlow"
    assert found.description == "A flow."
    schema = found.parameters.properties
    assert list(schema) == ["rate", "shape", "class_"]
    assert schema["rate"] == {
        "default": 0.1,
        "description": "How fast it learns.",
        "position": 0,
        "title": "rate",
        "type": "number",
    }
    assert schema["class_"]["anyOf"][0]["enum"] == ["a", "b"]


@pytest.mark.process
@pytest.mark.one_a_day("version")
@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_every_python_writes_the_same(version: str) -> None:
    flow = replace(
        LINEAR,
        description="žluťoučký \U0001fae0 \u0870 \u0378",
        parameters=(
            ParameterModel(name="type", kind="float", default=1e22, help="\U0001fae0"),
            ParameterModel(name="match\u0870", kind="json", default=LiteralDict((("é", -0.0),))),
        ),
    )
    code = f"""
from metaflow_prefect.model import *
from metaflow_prefect.generate import generated_file
from metaflow_prefect.generate.embed import DIVIDERS
from metaflow_prefect.generate.generated_file import Origin, origin_of
from metaflow_prefect.generate.render import render
print(ascii(render({flow!r}, source="flow.py", output="out.py")))
"""
    assert ast.literal_eval(run_python(interpreter(version), code)) == written(flow)
