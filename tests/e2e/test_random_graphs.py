"""Random graphs leave behind through Prefect what they do natively."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from support.compare import differences
from support.graphs import Sequence, graphs
from support.render import case, render
from support.run import native, prefect
from support.snapshot import snapshot_of


@settings(max_examples=8)
@given(graph=graphs())
def test_random_graph(graph: Sequence, prefect_api: str) -> None:
    with TemporaryDirectory() as name:
        expected = native(case(graph), Path(name) / "native")
        ours = prefect(case(graph), Path(name) / "prefect", prefect_api)
        told = render(graph) + ours.stdout[-4000:] + ours.stderr[-4000:]
        found = differences(snapshot_of(expected), snapshot_of(ours))
        assert not found, "\n".join([told, "Differences:", *found])
