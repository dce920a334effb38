"""Metaflow accepts and runs the random graphs."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from support.graphs import Sequence, graphs, tasks
from support.render import case, render
from support.run import environment, fill, native


@given(graph=graphs())
def test_size_is_bounded(graph: Sequence) -> None:
    assert tasks(graph) + 2 <= 12
    compile(render(graph), "random_flow.py", "exec")


@pytest.mark.thorough
@settings(max_examples=10)
@given(graph=graphs())
def test_metaflow_accepts(graph: Sequence) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        fill(case(graph), folder)
        done = subprocess.run(
            [sys.executable, "random_flow.py", "check"],
            cwd=folder,
            env=environment(case(graph), folder),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, render(graph) + done.stdout + done.stderr


@pytest.mark.thorough
@settings(max_examples=4)
@given(graph=graphs(most_tasks=9))
def test_metaflow_runs(graph: Sequence) -> None:
    with TemporaryDirectory() as name:
        result = native(case(graph), Path(name))
    assert result.code == 0, render(graph) + result.stdout + result.stderr
