"""Resumed and retried runs go on where the first one failed."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from e2e.project import SOURCES, FlowFolder

FLOWS = Path(__file__).parents[1] / "flows"
RETRY = """
import sys
from pathlib import Path
from prefect import get_client
from prefect.flow_engine import run_flow
from prefect.flows import load_flow_from_entrypoint
from prefect.states import AwaitingRetry

flow = load_flow_from_entrypoint("out.py:flaky_flow")
with get_client(sync_client=True) as client:
    first = client.create_flow_run(flow)
    state = run_flow(flow, flow_run=first, parameters={}, return_type="state")
    assert state.is_failed(), state
    Path("broken").unlink()
    client.set_flow_run_state(first.id, AwaitingRetry(), force=True)
    again = client.read_flow_run(first.id)
    state = run_flow(flow, flow_run=again, parameters={}, return_type="state")
    assert state.is_completed(), state
Path("run_id").write_text(f"prefect-{first.id}")
"""
LOOK = """
import json, sys
from metaflow import Run, namespace
namespace(None)
run = Run("FlakyFlow/" + sys.argv[1])
tasks = {step.id: sorted(
    (task.index if "body" in step.id else 0, task.origin_pathspec is not None, task.successful)
    for task in step) for step in run}
print(json.dumps([run.successful, tasks, run["end"].task.data.values]))
"""


@pytest.fixture
def folder(tmp_path: Path, prefect_api: str) -> FlowFolder:
    folder = FlowFolder(tmp_path, SOURCES / "flaky.py", PREFECT_API_URL=prefect_api)
    (tmp_path / "broken").touch()
    folder.create()
    return folder


def look(folder: FlowFolder, run_id: str) -> tuple[bool, dict[str, list[list[object]]]]:
    done = folder.run("-c", LOOK, run_id)
    assert done.returncode == 0, done.stderr
    successful, tasks, values = json.loads(done.stdout.splitlines()[-1])
    assert values == [2, 4, 6]
    return successful, tasks


@pytest.mark.parametrize("origin", ["ours", "native"])
def test_finished_tasks_are_cloned(folder: FlowFolder, origin: str) -> None:
    first = ["out.py"] if origin == "ours" else ["flaky.py", "run", "--max-workers", "1"]
    failed = folder.run(*first, "--run-id-file", "first")
    assert failed.returncode == 1, failed.stdout
    (folder.path / "broken").unlink()
    origin_id = (folder.path / "first").read_text()
    done = folder.run("out.py", "--resume", origin_id, "--run-id-file", "second")
    assert done.returncode == 0, done.stdout + done.stderr
    successful, tasks = look(folder, (folder.path / "second").read_text())
    assert successful
    assert tasks["start"] == [[0, True, True]]
    assert tasks["body"][0] == [0, True, True]
    assert tasks["body"][1] == [1, False, True]
    assert tasks["end"] == [[0, False, True]]


def test_a_step_can_be_run_again(folder: FlowFolder) -> None:
    (folder.path / "broken").unlink()
    assert folder.run("out.py", "--run-id-file", "first").returncode == 0
    origin_id = (folder.path / "first").read_text()
    words = ("gather", "--origin-run-id", origin_id, "--run-id-file", "second")
    done = folder.run("flaky.py", "prefect", "resume", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    _, tasks = look(folder, (folder.path / "second").read_text())
    assert [cloned for _, cloned, _ in tasks["body"]] == [True, True, True]
    assert tasks["gather"] == [[0, False, True]]


def test_prefects_retry_continues_the_same_run(folder: FlowFolder) -> None:
    done = folder.run("-c", RETRY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("Cached(") == 5  # start, left, right and two bodies
    successful, tasks = look(folder, (folder.path / "run_id").read_text())
    assert successful
    assert len(tasks["body"]) == 3


def runs_of(folder: FlowFolder, flow: str) -> set[str]:
    """The ids of all runs that a flow has."""
    here = folder.path / ".metaflow" / flow
    return {path.parent.name for path in here.glob("*/_parameters")}


def assert_refused(done: subprocess.CompletedProcess[str], told: str) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert told in line


def test_an_origin_of_no_run_or_of_another_flow_is_refused(folder: FlowFolder) -> None:
    shutil.copy(FLOWS / "single_step.py", folder.path)
    done = folder.run("single_step.py", "run", "--run-id-file", "other")
    assert done.returncode == 0, done.stderr
    for run_id in ("nosuch", (folder.path / "other").read_text()):
        assert_refused(folder.run("out.py", "--resume", run_id), run_id)
        command = ("flaky.py", "--quiet", "prefect", "resume", "--origin-run-id", run_id)
        assert_refused(folder.run(*command), run_id)
    assert_refused(folder.run("out.py", "--resume", ""), "the id of a run")
    assert_refused(folder.run("out.py", "--resume", "1", "--step-to-rerun", "gone"), "start, left")
    assert runs_of(folder, "SingleStepFlow")
    assert not runs_of(folder, "FlakyFlow")


def test_an_origin_that_is_still_running_is_refused(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "sleeper.py", PREFECT_API_URL=prefect_api)
    output = folder.create()
    with folder.start(output, "--run-id-file", "first") as process:
        try:
            assert process.stdout is not None
            assert any("pids" in line for line in process.stdout)
            run_id = (tmp_path / "first").read_text()
            done = folder.run(output, "--resume", run_id)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate()
    assert_refused(done, run_id)
    assert runs_of(folder, "SleeperFlow") == {run_id}
