"""The embedded runtime: all of it, one namespace, nothing imported from us."""

import ast
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
from metaflow_prefect.generate.embed import embedded_runtime
from metaflow_prefect.runtime import METAFLOW_SIDE, PREFECT_SIDE

MODULES = (*PREFECT_SIDE, *METAFLOW_SIDE)


def source(module: str) -> str:
    name = module.replace(".", "/")
    return files("metaflow_prefect.runtime").joinpath(f"{name}.py").read_text(encoding="utf-8")


def test_every_runtime_module_is_embedded() -> None:
    folder = Path(str(files("metaflow_prefect.runtime")))
    found = {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert found == {*MODULES, "host.program"}
    assert embedded_runtime().program == source("host.program")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_embedded_verbatim_after_its_imports(module: str) -> None:
    runtime = embedded_runtime()
    side = runtime.prefect_side if module in PREFECT_SIDE else runtime.metaflow_side
    tree = ast.parse(source(module))
    last_import = max(
        node.end_lineno or 0 for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    )
    body = "\n".join(source(module).splitlines()[last_import:]).strip()
    assert body in side


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
    assert set(names) <= embedded_runtime().names


def test_nothing_is_imported_from_us_or_renamed() -> None:
    runtime = embedded_runtime()
    assert not [name for name, _ in runtime.imports if name.startswith("metaflow")]
    for side in (runtime.prefect_side, runtime.metaflow_side):
        for node in ast.walk(ast.parse(side)):
            assert not (isinstance(node, ast.ImportFrom) and node.level), ast.unparse(node)
    for module in MODULES:  # an alias would be lost
        for node in ast.parse(source(module)).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert not any(alias.asname for alias in node.names), ast.unparse(node)


def test_the_metaflow_side_needs_no_name_of_the_prefect_side() -> None:
    own = {
        node.name
        for module in PREFECT_SIDE
        for node in ast.parse(source(module)).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    names = [
        node
        for node in ast.walk(ast.parse(embedded_runtime().metaflow_side))
        if isinstance(node, ast.Name)
    ]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    assert {node.id for node in names} & own - stored == set()


def test_each_kind_of_error_has_its_exit_code() -> None:
    kinds = [OperationProblem, UsageProblem, OutputProblem, FlowProblem, DeployProblem]
    assert set(MetaflowPrefectError.__subclasses__()) == set(kinds)
    codes = [kind.exit_code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert 0 not in codes
    assert str(UsageProblem("What.", "Remedy.")) == "What. Remedy."
