"""Imports within `mfp` run down only: from the commands to what they rest on."""

import ast
from pathlib import Path

import mfp
import pytest

ROOT = Path(mfp.__file__).parent
# From the top to the bottom; a room may import those below it, and itself.
ROOMS = [
    *("__main__", "cli", "commands", "action", "doctor", "deploy", "convert", "settings"),
    *("discover", "progress", "terminal", "lazy", "installation", "errors", "__about__"),
]


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__about__"


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mfp":
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {one.name for one in node.names if one.name.split(".")[0] == "mfp"}
    return found


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda one: one.stem)
def test_imports_run_down(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    wrong = [one for one in imported(path) if ROOMS.index(room_of(one)) < ROOMS.index(own)]
    assert wrong == []
