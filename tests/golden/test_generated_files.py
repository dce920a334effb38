"""Generated files compared whole: the flow's own part with a stored one, the rest once.

`UPDATE_GOLDEN=1 pytest tests/golden` writes the stored parts anew; look at their diff.
"""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
from metaflow_prefect.__about__ import __version__
from support import run
from unit.core.interpreters import OLDEST_AND_NEWEST, SOURCE, interpreter, works

pytestmark = pytest.mark.xdist_group("golden")

HERE = Path(__file__).resolve().parent
EXPECTED = HERE / "expected"
FLOWS = HERE.parent / "flows"
NAMES = (
    "linear",
    "split_join",
    "foreach_nested_2",
    "switch_nested",
    "loop",
    "parameters_kinds",
    "parameters_keywords",
    "parameters_click",
    "parameters_required",
    "parameters_own_names",
    "catch_retry",
)
# These have all that a file may have.
FEW = ("parameters_kinds", "parameters_click", "switch_nested")
RUNTIME = "# ===== The loader of the runtime; from here on all files are the same"
LEFT_OUT = "# (here: what is the same in every file)"


@dataclass(frozen=True)
class Parts:
    """A generated file, taken apart."""

    header: str
    own: str
    runtime: str


def environment(**variables: str) -> dict[str, str]:
    """Our own environment without what would change how Python or Metaflow works."""
    foreign = ("PYTHON", "PYTEST", "METAFLOW_", "PREFECT_", "LC_", "LANG", "TZ")
    kept = {n: v for n, v in os.environ.items() if not n.startswith(foreign)}
    return {**kept, "METAFLOW_USER": "tester", **variables}


def generate(
    folder: Path,
    name: str,
    runtime: str = "embedded",
    *,
    python: str = "",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Make a flow's Prefect file: `folder/RUNTIME/NAME.py` from `folder/flows/NAME.py`.

    With a `python` or `variables`, by a process of its own.
    """
    for part in ("flows", runtime):
        (folder / part).mkdir(parents=True, exist_ok=True)
    # Metaflow takes the `.metaflow` of a folder above if there is none here
    (folder / "flows/.metaflow").mkdir(exist_ok=True)
    shutil.copy(FLOWS / f"{name}.py", folder / "flows")
    target = folder / runtime / f"{name}{'' if runtime == 'embedded' else '_short'}.py"
    words = [f"{name}.py", "--no-pylint", "prefect", "create"]
    words.append(os.path.relpath(target, folder / "flows"))
    words += [] if runtime == "embedded" else ["--runtime", runtime]
    if python or variables:
        ended = execute([python or sys.executable, *words], folder / "flows", variables)
    else:
        ended = run.python(*words, folder=folder / "flows", variables=environment())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return target


def execute(
    command: Sequence[str | Path], folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=run.LIMIT,
    )


def take_apart(text: str) -> Parts:
    header, _, body = text.partition("\n")
    runtime = body.index(RUNTIME)
    tail = body.index('\nif __name__ == "__main__":\n    main(', runtime)
    return Parts(
        header=header,
        own=f"{body[:runtime]}{LEFT_OUT}\n\n{body[tail:]}",
        runtime=body[runtime:tail],
    )


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("golden")
    return {name: generate(folder, name) for name in NAMES}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("golden")
    return {name: generate(folder, name, "installed") for name in FEW}


@pytest.mark.parametrize("name", NAMES)
def test_the_flows_own_part_is_the_stored_one(generated: dict[str, Path], name: str) -> None:
    own = take_apart(generated[name].read_text(encoding="utf-8")).own
    stored = EXPECTED / f"{name}.py"
    if os.environ.get("UPDATE_GOLDEN"):
        stored.write_text(own, encoding="utf-8")
    assert own == stored.read_text(encoding="utf-8")


def test_no_stored_part_is_left_over() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {f"{name}.py" for name in NAMES}


def test_the_rest_is_the_same_in_every_file(generated: dict[str, Path]) -> None:
    parts = [take_apart(path.read_text(encoding="utf-8")) for path in generated.values()]
    assert len({part.runtime for part in parts}) == 1


def flows_part(text: str) -> str:
    """What says something about the flow, from the first import of Prefect on."""
    start = text.index("from prefect import flow, task")
    end = text.find(RUNTIME)
    return text[start : len(text) if end < 0 else end].partition("\n\n\nif __name__")[0].strip()


@pytest.mark.parametrize("name", FEW)
def test_both_forms_say_the_same_about_the_flow(
    generated: dict[str, Path], installed: dict[str, Path], name: str
) -> None:
    embedded, short = (found[name].read_text(encoding="utf-8") for found in (generated, installed))
    assert flows_part(short) == flows_part(embedded)
    assert len(short) < len(embedded) / 10


@pytest.mark.parametrize("name", NAMES)
def test_the_flows_own_part_is_short_and_comes_first(generated: dict[str, Path], name: str) -> None:
    text = generated[name].read_text(encoding="utf-8")
    assert text.splitlines()[:30].count("from prefect import flow, task") == 1
    assert any(line.startswith("@task(") for line in text.splitlines()[:30])
    own = ast.parse(text[: text.index(RUNTIME)])
    functions = [node for node in own.body if isinstance(node, ast.FunctionDef)]
    steps = [node for node in functions if node.name.startswith("step_")]
    parameters = sum(len(node.args.kwonlyargs) for node in functions)
    assert flows_part(text).count("\n") <= 30 + 4 * len(steps) + 2 * parameters


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_has_version_flow_and_checksum(
    generated: dict[str, Path], name: str
) -> None:
    header, _, body = generated[name].read_text(encoding="utf-8").partition("\n")
    found = re.fullmatch(r"# metaflow-prefect (\S+) (\w+) ([0-9a-f]{16})", header)
    assert found is not None
    assert found[1] == __version__
    assert f"class {found[2]}(FlowSpec)" in (FLOWS / f"{name}.py").read_text(encoding="utf-8")
    assert found[3] == hashlib.sha256(body.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    "variables",
    [
        {"TZ": "Pacific/Chatham", "PYTHONHASHSEED": "1", "PYTHONOPTIMIZE": "1"},
        {
            "LC_ALL": "C",
            "LANG": "C",
            "PYTHONHASHSEED": "4242",
            "METAFLOW_USER": "another",
            "HOME": "/nonexistent",
        },
    ],
)
def test_the_text_does_not_depend_on_the_surroundings(
    generated: dict[str, Path], tmp_path: Path, variables: dict[str, str]
) -> None:
    folder = tmp_path / "another place" / "deeper"
    path = generate(folder, "parameters_kinds", variables=variables)
    assert path.read_bytes() == generated["parameters_kinds"].read_bytes()


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_the_text_does_not_depend_on_the_python(
    generated: dict[str, Path], tmp_path: Path, version: str
) -> None:
    python = interpreter(version)
    if not works(python, "import metaflow"):
        pytest.skip(f"the Python {version} that is installed has no metaflow")
    # What is installed there already must not be there twice: Metaflow refuses that.
    known = works(python, "import metaflow_prefect")
    variables = {} if known else {"PYTHONPATH": str(SOURCE)}
    for name in ("parameters_kinds", "switch_nested"):
        path = generate(tmp_path, name, python=python, variables=variables)
        assert path.read_bytes() == generated[name].read_bytes()


@pytest.mark.parametrize(
    "tool",
    [
        pytest.param(("ruff", "check", "--isolated", "--no-cache"), id="ruff-check"),
        pytest.param(("ruff", "format", "--isolated", "--no-cache", "--diff"), id="ruff-format"),
    ],
)
def test_a_tool_accepts_it_as_it_stands(
    generated: dict[str, Path], installed: dict[str, Path], tool: tuple[str, ...]
) -> None:
    files = [*generated.values(), *installed.values()]
    folder = next(iter(generated.values())).parent
    ended = execute([sys.executable, "-m", *tool, *files], folder, {})
    assert ended.returncode == 0, ended.stdout + ended.stderr


def run_file(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    variables = environment(PREFECT_HOME=str(path.parent / ".prefect"), COLUMNS="100")
    return run.python(path.name, *words, folder=path.parent, variables=variables)


def test_help_lists_parameters_and_options(generated: dict[str, Path]) -> None:
    ended = run_file(generated["parameters_kinds"], "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "A whole number, 100% of it.  [default: -3]" in ended.stdout
    for default in ("1e-05", "one,two,three", "True"):
        assert f"[default: {default}]" in ended.stdout
    options = set(re.findall(r"^  --([\w-]+)", ended.stdout, re.MULTILINE))
    assert options >= {"integer", "json_value", "no_words"}
    assert options >= {"run-id-file", "max-workers", "max-num-splits", "tag", "namespace"}
    assert options >= {"resume", "step-to-rerun", "with", "help"}


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        pytest.param("parameters_kinds", ("--integer=abc",), "integer", id="wrong-type"),
        pytest.param("parameters_kinds", ("--nonsense=1",), "nonsense", id="unknown-option"),
        pytest.param("linear", ("--run-id-file=no/id",), "'no/id' cannot be", id="no-folder"),
        pytest.param("parameters_required", (), "Missing option", id="missing-required"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    generated: dict[str, Path], name: str, words: tuple[str, ...], message: str
) -> None:
    ended = run_file(generated[name], *words)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""
