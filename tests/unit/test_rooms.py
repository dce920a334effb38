"""Which rooms of the packages may use which: arrows run down only, and Metaflow has its rooms."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "packages"
CORE = ROOT / "metaflow-prefect/src/metaflow_prefect"
MFP = ROOT / "mfp/src/mfp"
# From the top floor to the ground; a room may use those on floors below its own.
CORE_FLOORS = (
    {"cli", "deployer"},
    {"commands"},
    {"deploy"},
    {"generate"},
    {"load"},
    {"model"},
    {"runtime"},
    {"errors", "__about__", "__init__"},
)
MFP_FLOORS = (
    {"__main__"},
    {"cli"},
    {"commands"},
    {"action", "doctor"},
    {"deploy"},
    {"convert"},
    {"settings"},
    {"discover"},
    {"progress", "installation", "lazy"},
    {"terminal", "errors", "__about__", "__init__"},
)
# The rooms that read Metaflow. In `commands` and `deployer` it is the interface that they fill;
# in `deploy` its tokens and code packages; `doctor` asks it who the user is.
READ_METAFLOW = {"load", "runtime", "commands", "deployer", "deploy", "doctor"}
MOST_LINES = 400


def modules(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder), ast.parse(path.read_bytes())


def imported(path: Path, tree: ast.Module, package: str) -> Iterator[str]:
    """All modules that a module imports, in whatever place, by their full names."""
    parents = [package, *path.with_suffix("").parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = parents[: len(parents) - node.level] if node.level else []
            whole = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{whole}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    return path.parts[0] if len(path.parts) > 1 else path.stem


@pytest.mark.parametrize(
    ("folder", "floors"),
    [pytest.param(CORE, CORE_FLOORS, id="core"), pytest.param(MFP, MFP_FLOORS, id="mfp")],
)
def test_arrows_run_down_only(folder: Path, floors: tuple[set[str], ...]) -> None:
    level = {name: number for number, names in enumerate(floors) for name in names}
    package = folder.name
    wrong = []
    for path, tree in modules(folder):
        own = room(path)
        for name in imported(path, tree, package):
            head, _, rest = name.partition(".")
            used = rest.partition(".")[0]
            if head == package and used not in {"", own} and level.get(used, -1) <= level[own]:
                wrong.append(f"{path} imports {name}")
    assert wrong == []


def test_the_core_knows_nothing_of_mfp() -> None:
    for path, tree in modules(CORE):
        assert not [n for n in imported(path, tree, CORE.name) if n.split(".")[0] == "mfp"], path


def test_metaflow_is_read_in_its_rooms_only() -> None:
    for folder in (CORE, MFP):
        for path, tree in modules(folder):
            if room(path) not in READ_METAFLOW:
                used = {name.split(".")[0] for name in imported(path, tree, folder.name)}
                assert "metaflow" not in used, path


@pytest.mark.parametrize("side", ["host", "flow_run"])
def test_each_side_of_the_runtime_imports_its_own_only(side: str) -> None:
    other = "prefect" if side == "host" else "metaflow"
    for path, tree in modules(CORE / "runtime" / side):
        for name in imported(Path("runtime", side, path), tree, CORE.name):
            assert name.split(".")[0] != other, f"{path} imports {name}"


def test_no_module_is_too_long() -> None:
    long = {
        path.name
        for folder in (CORE, MFP)
        for path in folder.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }
    assert not long


def test_the_architecture_names_what_is_there() -> None:
    text = (ROOT.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    tops = (ROOT.parent, CORE, CORE / "runtime", MFP, MFP.parent)
    names = set(re.findall(r"`([a-z_]+(?:/[a-z_.]+)+)`", text))
    assert len(names) > 10
    for name in names:
        assert any((top / name).exists() or (top / f"{name}.py").exists() for top in tops), name
