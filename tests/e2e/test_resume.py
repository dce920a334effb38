"""Resumed and retried runs go on where the first one failed."""

import json
import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
STATE = """
import sys
from prefect import get_client
with get_client(sync_client=True) as client:
    print(client.read_flow_run(sys.argv[1]).state.name)
"""
PARAMETERS = """
import json, sys
from prefect import get_client
with get_client(sync_client=True) as client:
    print(json.dumps(client.read_flow_run(sys.argv[1]).parameters))
"""
METADATA = """
import json, sys
from metaflow import Run, namespace
namespace(None)
origin, resumed = (Run(f"FlakyFlow/{run}")["left"].task for run in sys.argv[1:])
assert resumed.origin_pathspec == origin.pathspec
print(json.dumps([resumed.metadata_dict, origin.metadata_dict]))
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


@pytest.fixture
def sleeper(tmp_path: Path, prefect_api: str) -> FlowFolder:
    folder = FlowFolder(tmp_path, SOURCES / "sleeper.py", PREFECT_API_URL=prefect_api)
    folder.create()
    return folder


@contextmanager
def running(folder: FlowFolder) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Hold a run whose steps have begun; give its main process and its id."""
    with folder.start("out.py", "--run-id-file", "first") as process:
        try:
            assert process.stdout is not None
            assert any("pids" in line for line in process.stdout)
            yield process, (folder.path / "first").read_text()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            process.communicate()


def test_an_origin_that_is_still_running_is_refused(sleeper: FlowFolder) -> None:
    with running(sleeper) as (_, run_id):
        done = sleeper.run("out.py", "--resume", run_id)
        sleeper.environment["PREFECT_API_URL"] = ""  # a server that does not know of it
        elsewhere = sleeper.run("out.py", "--resume", run_id)
    assert_refused(done, f"{run_id} is still running, as process")
    assert_refused(elsewhere, f"{run_id} is still running, as process")
    assert runs_of(sleeper, "SleeperFlow") == {run_id}


@pytest.mark.parametrize("cancelled", [False, True])
def test_an_origin_whose_process_is_gone_is_resumed_at_once(
    sleeper: FlowFolder, cancelled: bool
) -> None:
    with running(sleeper) as (process, run_id):
        process.kill()
        process.wait()
    state = ("Cancelling", "Cancelled") if cancelled else ("Running", "Crashed")
    if cancelled:
        done = sleeper.run("-m", "prefect", "flow-run", "cancel", run_id.removeprefix("prefect-"))
        assert done.returncode == 0, done.stdout + done.stderr
    assert state_of(sleeper, run_id) == state[0]
    (sleeper.path / "awake").touch()
    done = sleeper.run("out.py", "--resume", run_id)
    assert done.returncode == 0, done.stdout + done.stderr
    assert state_of(sleeper, run_id) == state[1]


def test_an_origin_of_another_machine_is_resumed_by_who_knows_that_it_is_dead(
    sleeper: FlowFolder,
) -> None:
    with running(sleeper) as (process, run_id):
        process.kill()
        process.wait()
    (noted,) = sleeper.path.glob(f".metaflow/*/{run_id}/_parameters/*/_meta/*prefect-process*")
    text = noted.read_text().replace(boot_id(), "another boot")
    noted.write_text(text.replace(platform.node(), "another-host"))
    (sleeper.path / "awake").touch()
    told = "not one of this machine. If you know that it has died, resume it with --origin-is-dead."
    assert_refused(sleeper.run("out.py", "--resume", run_id), told)
    done = sleeper.run("out.py", "--resume", run_id, "--origin-is-dead")
    assert done.returncode == 0, done.stdout + done.stderr
    assert state_of(sleeper, run_id) == "Crashed"
    assert_refused(sleeper.run("out.py", "--origin-is-dead"), "goes with --resume")


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def state_of(folder: FlowFolder, run_id: str) -> str:
    done = folder.run("-c", STATE, run_id.removeprefix("prefect-"))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_flow_with_required_parameters_is_resumed(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "needs.py", PREFECT_API_URL=prefect_api)
    folder.create()
    (tmp_path / "broken").touch()
    (tmp_path / "included").write_text("content")
    given = ("--n", "3", "--file", "included", "--words", "a,b")
    failed = folder.run("out.py", "--run-id-file", "first", *given)
    assert failed.returncode == 1, failed.stdout + failed.stderr
    (tmp_path / "broken").unlink()
    run_id = (tmp_path / "first").read_text()
    folder.environment["METAFLOW_RUN_N"] = "4"  # is not asked for either
    for words in (
        ("out.py", "--resume", run_id),
        ("needs.py", "prefect", "resume", "--origin-run-id", run_id),
        ("needs.py", "prefect", "run", "--resume", run_id),
    ):
        done = folder.run(*words, "--run-id-file", "second")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "got 3 content ['a', 'b']" in done.stderr
        flow_run_id = (tmp_path / "second").read_text().removeprefix("prefect-")
        shown = json.loads(folder.run("-c", PARAMETERS, flow_run_id).stdout)
        assert shown == {"n": 3, "words": "a,b", "file": f"(as in run {run_id})"}
    assert_refused(folder.run("out.py", "--resume", run_id, "--n", "3"), "give none with --resume")


def test_a_resumed_task_has_the_metadata_of_its_origin(folder: FlowFolder) -> None:
    assert folder.run("out.py", "--run-id-file", "first").returncode == 1
    (folder.path / "broken").unlink()
    origin = (folder.path / "first").read_text()
    done = folder.run("out.py", "--resume", origin, "--run-id-file", "second")
    assert done.returncode == 0, done.stdout + done.stderr
    run_ids = origin, (folder.path / "second").read_text()
    found = folder.run("-c", METADATA, *run_ids)
    assert found.returncode == 0, found.stderr
    ours, theirs = json.loads(found.stdout.splitlines()[-1])
    assert theirs["prefect-task-run-id"]
    own = {"origin-task-id", "origin-run-id", "python_version", "attempt", "attempt_ok"}
    assert {n: v for n, v in ours.items() if n not in own} == {
        n: v for n, v in theirs.items() if n not in own
    }


def test_a_resumed_run_has_the_configs_of_its_origin(tmp_path: Path, prefect_api: str) -> None:
    """And not those of the run that was made last; nor does it need their files."""
    folder = FlowFolder(tmp_path, SOURCES / "configured.py", PREFECT_API_URL=prefect_api)
    (tmp_path / "broken").touch()
    for number in (1, 2):
        (tmp_path / "values.json").write_text(json.dumps({"number": number}))
        done = folder.run(folder.create(f"out{number}.py"), "--run-id-file", f"id{number}")
        assert done.returncode == 1
    for name in ("broken", "values.json"):
        (tmp_path / name).unlink()
    done = folder.run("out1.py", "--resume", (tmp_path / "id1").read_text())
    assert done.returncode == 0, done.stderr
    assert "got 1" in done.stderr
