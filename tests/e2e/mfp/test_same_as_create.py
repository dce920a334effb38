"""`mfp convert X` writes the same bytes as `python X prefect create`."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.cases.wild import ODD_FOLDER

FLOWS = Path(__file__).parents[2] / "flows"
METAFLOW = find_spec("metaflow")
assert METAFLOW is not None
assert METAFLOW.origin is not None
TUTORIALS = Path(METAFLOW.origin).parent / "tutorials"
# Each is loaded in another way; the graphs of the others are the same to load.
NAMES = (
    "config_mutator.py",
    "configs.py",
    "dataclass_main.py",
    f"{ODD_FOLDER}/flow-with.odd name.py",
    "guard_function.py",
    "inherited_elsewhere.py",
    "latin_1.py",
    "mutators.py",
    "no_guard.py",
    "parameters_deploy_time.py",
    "parameters_kinds.py",
    "prints_at_import.py",
    "project.py",
    "reads_argv.py",
    "secrets_inline.py",
    "several_flows.py",
    "shadow/shadows_stdlib.py",
    "user_decorator.py",
)
# Without --environment=conda and a remote datastore, Metaflow itself refuses the others.
LESSONS = [path for path in sorted(TUTORIALS.glob("*/*.py")) if path.parent.name[:2] < "04"]
FILES = [FLOWS / name for name in NAMES] + LESSONS


@pytest.mark.parametrize("flow", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_same_bytes(flow: Path, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours" / "out.py", tmp_path / "theirs" / "out.py"
    for folder in (ours.parent, theirs.parent):
        folder.mkdir()
    _run([flow.name, "prefect", "create", str(theirs)], flow.parent, METAFLOW_USER="tester")
    _run(["-m", "mfp", "convert", flow.name, "-o", str(ours)], flow.parent)
    assert ours.read_bytes() == theirs.read_bytes()


def _run(arguments: list[str], folder: Path, **variables: str) -> None:
    home = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    kept = {"PYTHONPATH": path} if (path := os.environ.get("PYTHONPATH")) else {}
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**home, **kept, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
