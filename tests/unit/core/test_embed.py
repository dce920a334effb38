"""The embedded runtime: all of it, one namespace, nothing imported from us."""

import ast
import builtins
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
from metaflow_prefect.errors import (
    DeployProblem,
    FlowProblem,
    MetaflowPrefectError,
    OperationProblem,
    OutputProblem,
    UsageProblem,
)
from metaflow_prefect.generate.embed import SECTIONS, embedded_runtime
from metaflow_prefect.runtime import LOADER, METAFLOW_SIDE, PREFECT_SIDE

MODULES = (LOADER, *METAFLOW_SIDE, *PREFECT_SIDE)


def source(module: str) -> str:
    name = module.replace(".", "/")
    return files("metaflow_prefect.runtime").joinpath(f"{name}.py").read_text(encoding="utf-8")


def part_of(module: str) -> str:
    runtime = embedded_runtime()
    if module == LOADER:
        return runtime.loader
    return runtime.prefect_side if module in PREFECT_SIDE else runtime.metaflow_side


def parts() -> list[str]:
    return [part_of(modules[0]) for modules in ((LOADER,), METAFLOW_SIDE, PREFECT_SIDE)]


def test_the_runtime_is_ascii() -> None:
    """With one other character Python takes twice the memory for a file, and longer."""
    assert re.findall(r".*[^\x00-\x7f].*", "".join(parts())) == []


def test_a_raw_text_in_triple_quotes_can_hold_it() -> None:
    for side in (embedded_runtime().metaflow_side, embedded_runtime().prefect_side):
        assert "'''" not in side
        assert "\n# =====" not in side
        assert side.endswith("\n")


def test_every_runtime_module_is_embedded() -> None:
    folder = Path(str(files("metaflow_prefect.runtime")))
    found = {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert found == {*MODULES, "early"}  # which is for files that import the runtime


SECTION = re.compile(
    r"\n\n +(Args|Attributes|Raises|Returns|Yields):\n(?: +[^\n]*\n|\n)*? +(?=\"\"\")"
)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_embedded_verbatim_but_for_imports_and_sections(module: str) -> None:
    tree = ast.parse(source(module))
    last_import = max(
        node.end_lineno or 0 for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    )
    body = "\n".join(source(module).splitlines()[last_import:]).strip()
    assert SECTION.sub("", body) in part_of(module)


def test_no_docstring_says_more_of_a_signature() -> None:
    for node in (node for part in parts() for node in ast.walk(ast.parse(part))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            assert not set((ast.get_docstring(node) or "").splitlines()) & set(SECTIONS)


def test_top_level_names_are_unique_over_all_modules() -> None:
    names: Counter[str] = Counter()
    for module in MODULES:
        for node in ast.parse(source(module)).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                names[node.name] += 1
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names.update(n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
    assert [name for name, times in names.items() if times > 1] == []


def test_nothing_is_imported_from_us_or_renamed() -> None:
    for node in (node for part in parts() for node in ast.walk(ast.parse(part))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, ast.unparse(node)
            assert not str(node.module).startswith("metaflow_prefect"), ast.unparse(node)
    for module in MODULES:  # an alias would be lost
        for node in ast.parse(source(module)).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert not any(alias.asname for alias in node.names), ast.unparse(node)


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param((LOADER,), id="loader"),
        pytest.param(METAFLOW_SIDE, id="metaflow-side"),
        pytest.param(METAFLOW_SIDE + PREFECT_SIDE, id="prefect-side"),  # which has all names
    ],
)
def test_what_runs_alone_needs_no_name_from_elsewhere(modules: tuple[str, ...]) -> None:
    tree = ast.parse("\n".join(part_of(one) for one in (modules[0], modules[-1])))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            stored.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            stored |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.arg):
            stored.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            stored.add(node.name)
    assert {node.id for node in names} - stored - {*dir(builtins)} == set()


def test_each_kind_of_error_has_its_exit_code() -> None:
    kinds = [OperationProblem, UsageProblem, OutputProblem, FlowProblem, DeployProblem]
    assert set(MetaflowPrefectError.__subclasses__()) == set(kinds)
    codes = [kind.exit_code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert 0 not in codes
    assert str(UsageProblem("What.", "Remedy.")) == "What. Remedy."
