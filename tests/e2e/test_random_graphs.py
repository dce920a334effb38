"""Random graphs leave behind through Prefect what they do natively."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from support.compare import differences
from support.graphs import Sequence, graphs
from support.render import case, render
from support.run import native, prefect
from support.snapshot import snapshot_of


@pytest.mark.on_days("even")
@pytest.mark.parametrize("number", [3, pytest.param(25, marks=pytest.mark.thorough)])
def test_random_graphs(number: int, prefect_api: str) -> None:
    @settings(max_examples=number)
    @given(graph=graphs())
    def same(graph: Sequence) -> None:
        with TemporaryDirectory() as name:
            expected = native(case(graph), Path(name) / "native")
            ours = prefect(case(graph), Path(name) / "prefect", prefect_api)
            told = render(graph) + ours.stdout[-4000:] + ours.stderr[-4000:]
            found = differences(snapshot_of(expected), snapshot_of(ours))
            assert not found, "\n".join([told, "Differences:", *found])

    same()
