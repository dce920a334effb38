"""`mfp convert X` writes the same bytes as `python X prefect create`."""

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.cases.wild import ODD_FOLDER
from support.run import python

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
LESSONS = sorted(str(path.relative_to(TUTORIALS)) for path in TUTORIALS.glob("*/*.py"))
# What Metaflow itself refuses to do without.
OPTIONS = {"04-playlist-plus/playlist.py": ("--environment=conda",)}
VARIABLES = {
    "05-hello-cloud/hello-cloud.py": {
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": "s3://bucket/flows",
    }
}


@pytest.fixture(scope="module")
def tutorials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tutorials of Metaflow's package, all converted at once."""
    folder = tmp_path_factory.mktemp("tutorials")
    shutil.copytree(TUTORIALS, folder / "tutorials")
    words = ["tutorials", "--output-dir", "ours", "--missing-imports", "stub", "--json", "found"]
    _run(["-m", "mfp", "convert-all", *words], folder)
    found = json.loads((folder / "found").read_text())["flows"]
    assert [one["path"] for one in found] == [f"tutorials/{name}" for name in LESSONS]
    assert {one["status"] for one in found} == {"converted"}
    return folder


@pytest.mark.xdist_group("tutorials")
@pytest.mark.parametrize("lesson", LESSONS)
def test_tutorials(lesson: str, tutorials: Path) -> None:
    name = f"{lesson.removesuffix('.py')}_prefect.py"
    theirs = tutorials / "theirs" / "tutorials" / name
    theirs.parent.mkdir(parents=True)
    options, variables = OPTIONS.get(lesson, ()), VARIABLES.get(lesson, {})
    folder, file = (tutorials / "tutorials" / lesson).parent, Path(lesson).name
    words = [file, *options, "prefect", "create", str(theirs)]
    _run(words, folder, METAFLOW_USER="tester", **variables)
    assert (tutorials / "ours" / "tutorials" / name).read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("flow", NAMES)
def test_same_bytes(flow: str, tmp_path: Path) -> None:
    source = FLOWS / flow
    ours, theirs = tmp_path / "ours" / "out.py", tmp_path / "theirs" / "out.py"
    for folder in (ours.parent, theirs.parent):
        folder.mkdir()
    _run([source.name, "prefect", "create", str(theirs)], source.parent, METAFLOW_USER="tester")
    _run(["-m", "mfp", "convert", source.name, "-o", str(ours)], source.parent)
    assert ours.read_bytes() == theirs.read_bytes()


def _run(arguments: list[str], folder: Path, **variables: str) -> None:
    home = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    kept = {"PYTHONPATH": path} if (path := os.environ.get("PYTHONPATH")) else {}
    result = python(*arguments, folder=folder, variables={**home, **kept, **variables})
    assert result.returncode == 0, result.stdout + result.stderr
