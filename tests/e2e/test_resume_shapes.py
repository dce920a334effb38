"""In every shape of a graph the same tasks are cloned, and the same run again, as natively."""

from pathlib import Path

import pytest
from e2e.project import SOURCES, FlowFolder
from support.case import Case
from support.compare import differences
from support.snapshot import Snapshot, snapshot

CASE = Case(id="resume", group="graph", file="shapes.py", flow="ShapesFlow")


def resumed(folder: FlowFolder, *words: str) -> Snapshot:
    done = folder.run(*words, "--run-id-file", "resumed", "--max-workers", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return snapshot(folder.path, CASE, (folder.path / "resumed").read_text())


def is_cloned(run: Snapshot) -> dict[str, bool]:
    """For each task whether it was cloned."""
    return {
        name.removesuffix(": origin"): value != "None"
        for name, value in run.facts.items()
        if name.endswith(": origin")
    }


@pytest.mark.parametrize(
    ("origin", "broken", "again", "last_cloned"),
    [
        pytest.param("ours", "left", None, "sides[1]", id="ours"),
        pytest.param("native", "left", None, "sides[1]", id="native", marks=pytest.mark.thorough),
        pytest.param("ours", "loop", None, "loop round 0", id="loop", marks=pytest.mark.thorough),
        pytest.param("ours", "inner", None, "outer[1]", id="inner", marks=pytest.mark.thorough),
        pytest.param("ours", "", "loop", "b", id="from-loop", marks=pytest.mark.thorough),
        pytest.param(
            "ours", "", "nodes", "nodes_begin", id="from-nodes", marks=pytest.mark.thorough
        ),
        pytest.param("ours", "", "right", "left[0]", id="from-right", marks=pytest.mark.thorough),
    ],
)
def test_same_as_native_resume(
    tmp_path: Path, prefect_api: str, origin: str, broken: str, again: str | None, last_cloned: str
) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "shapes.py", PREFECT_API_URL=prefect_api)
    output = folder.create()
    (tmp_path / "broken").write_text(broken)
    first = [output] if origin == "ours" else ["shapes.py", "run"]
    failed = folder.run(*first, "--run-id-file", "first", "--max-workers", "1")
    assert (failed.returncode == 0) == (again is not None), failed.stdout + failed.stderr
    (tmp_path / "broken").unlink()
    run_id = (tmp_path / "first").read_text()
    step = [] if again is None else [again]
    native = resumed(folder, "shapes.py", "resume", *step, "--origin-run-id", run_id)
    step = [] if again is None else ["--step-to-rerun", again]
    ours = resumed(folder, output, "--resume", run_id, *step)
    found = differences(native, ours)
    assert not found, "\n".join(found)
    cloned = is_cloned(ours)
    assert cloned[last_cloned]
    assert not cloned["end"]
