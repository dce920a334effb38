"""A random graph that fails anywhere and is resumed goes on as it does natively."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from e2e.project import FlowFolder
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.compare import differences
from support.graphs import Nodes, Sequence, graphs, tasks
from support.render import case, render
from support.snapshot import Snapshot, snapshot

# Of two loops in a row, Metaflow's own resume runs the second one again although it is cloned.
LOOP_AFTER_LOOP = re.compile(r"\{0: self\.(loop_\d+), 1: self\.loop_")


def resumed(folder: FlowFolder, graph: Sequence, *words: str) -> Snapshot:
    done = folder.run(*words, "--run-id-file", "resumed", "--max-workers", "2")
    told = render(graph) + done.stdout[-4000:] + done.stderr[-4000:]
    assert done.returncode == 0, told
    return snapshot(folder.path, case(graph), (folder.path / "resumed").read_text())


def check(graph: Sequence, place: int, origin: str, api_url: str) -> None:
    """Have the task of that number fail, then resume the run in both ways."""
    with TemporaryDirectory() as name:
        (Path(name) / "source").mkdir()
        source = Path(name, "source", "random_flow.py")
        source.write_text(render(graph))
        folder = FlowFolder(Path(name) / "work", source, PREFECT_API_URL=api_url)
        output = folder.create()
        (folder.path / "fail_at").write_text(str(place))
        first = [output] if origin == "ours" else ["random_flow.py", "run"]
        folder.run(*first, "--run-id-file", "first", "--max-workers", "2")
        (folder.path / "fail_at").unlink()
        run_id = (folder.path / "first").read_text()
        native = resumed(folder, graph, "random_flow.py", "resume", "--origin-run-id", run_id)
        ours = resumed(folder, graph, output, "--resume", run_id)
        found = differences(native, ours)
        assert not found, "\n".join([f"{origin}, task {place}", render(graph), *found])


@pytest.mark.on_days("odd")
@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("place", [6, pytest.param(4, marks=pytest.mark.thorough)])
def test_nodes(parallel: bool, place: int, prefect_api: str) -> None:
    check((Nodes(2, parallel),), place - parallel, "ours", prefect_api)


@pytest.mark.on_days("odd")
@pytest.mark.parametrize("number", [2, pytest.param(25, marks=pytest.mark.thorough)])
def test_fail_anywhere(number: int, prefect_api: str) -> None:
    @settings(max_examples=number)
    @given(data=st.data(), graph=graphs(10), origin=st.sampled_from(["ours", "native"]))
    def same(data: st.DataObject, graph: Sequence, origin: str) -> None:
        assume(not LOOP_AFTER_LOOP.search(render(graph)))
        place = data.draw(st.integers(2, tasks(graph) + 2), label="the task that fails")
        check(graph, place, origin, prefect_api)

    same()
