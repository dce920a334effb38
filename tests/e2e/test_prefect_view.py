"""What Prefect shows of a run: task runs, their edges, logs, artifacts and states."""

import itertools
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.project import SOURCES, FlowFolder
from e2e.shown import (
    artifacts_of,
    ended_task_runs,
    flow_run_id,
    flow_run_id_of,
    logs_of,
    run_case,
    task_runs,
    task_runs_of,
)
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterTaskRunId,
)
from prefect.client.schemas.objects import StateType
from support.run import environment, python
from support.wait import until

FLOWS = Path(__file__).parents[1] / "flows"


def test_a_task_run_for_each_task_with_true_edges(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-foreach_list", tmp_path, prefect_api)
    expected = {"start", "body[0] a", "body[1] None", "body[2] 3", "join", "end"}
    runs = task_runs(client, result, *expected)
    assert set(runs) == expected
    names = {run.id: name for name, run in runs.items()}
    edges = {
        name: {names[given.id] for inputs in run.task_inputs.values() for given in inputs}
        for name, run in runs.items()
    }
    bodies = {"body[0] a", "body[1] None", "body[2] 3"}
    assert edges == {
        "start": set(),
        **{name: {"start"} for name in bodies},
        "join": bodies,
        "end": {"join"},
    }


def test_nodes_of_parallel_have_task_runs(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-parallel", tmp_path, prefect_api)
    expected = {"start", "nodes[0]", "nodes[1]", "join", "end"}
    assert set(task_runs(client, result, *expected)) == expected


def test_a_traceback_is_one_record_without_metaflows_frames(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("failure-fail_raise", tmp_path, prefect_api)
    errors = [log for log in logs_of(client, result) if log.level >= 40]
    of_task = [log.message for log in errors if log.task_run_id]
    (trace,) = (message for message in of_task if "Traceback" in message)
    first, frame, *_, last = trace.splitlines()
    assert first == "Traceback (most recent call last):"
    assert "fail_raise.py" in frame
    assert last == "ValueError: as wanted in middle: é"
    assert "metaflow/" not in trace
    assert len(of_task) == 2  # and the state that it ended in
    (of_flow,) = (log.message for log in errors if not log.task_run_id)
    assert of_flow.startswith("ValueError: as wanted in middle: é in middle, fail_raise.py:")
    assert not any("NoneType: None" in log.message for log in logs_of(client, result))


def test_one_fault_makes_one_task_red_and_tells_what_to_do(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "nested.py", PREFECT_API_URL=prefect_api)
    folder.create()
    done = folder.run("out.py", "--who", "a|b", "--run-id-file", "id")
    run_id = (tmp_path / "id").read_text()
    message = "KeyError: 'boost' in evaluate[2,3] IT/boost, nested.py:30"
    line = f"python out.py --resume {run_id}"
    assert done.stderr.splitlines()[-1].strip() == line
    red = "evaluate[2,3] IT/boost"
    runs = ended_task_runs(client, flow_run_id_of(run_id), red)
    assert runs[red].name == f"{red} (evaluate-2-3)"
    states = {name: run.state for name, run in runs.items() if not run.state.is_completed()}
    assert states.pop(red).message == message
    # Of those that ran meanwhile; on a quick machine there may be none.
    for state in states.values():
        assert (state.name, state.type) == ("Stopped", StateType.CANCELLED)
        assert state.message == "stopped, because evaluate[2,3] failed"
    flow_run = client.read_flow_run(flow_run_id_of(run_id))
    assert flow_run.state is not None
    assert flow_run.state.message == message
    report = artifacts_of(client, run_id)["nestedflow-failure"]
    assert f"```shell\n{line}\n```" in report
    assert "self.score = scores[self.input]" in report
    assert "| `models` | 3 | `boost` |" in report
    assert r"| `who` | `a\|b` |" in report
    failed = runs[red].id
    of_task = ArtifactFilter(task_run_id=ArtifactFilterTaskRunId(any_=[failed]))
    (own,) = client.read_artifacts(artifact_filter=of_task)
    assert "self.score = scores[self.input]" in str(own.data)
    assert "Step `country` has left it `countries`, `here`, `models`." in report
    for snippet in snippets(report):
        assert "['DE', 'FR', 'IT', 'ES', 'PL']" in pasted(snippet, tmp_path / "elsewhere", folder)
    # of those that succeeded beside it, and of the run
    artifacts = artifacts_of(client, run_id)
    one, every = snippets(artifacts["nestedflow-step-evaluate"])
    assert pasted(one, tmp_path / "elsewhere", folder) == "1\n"
    done_well = len(pasted(every, tmp_path / "elsewhere", folder).splitlines())

    def shown() -> int:
        found = task_runs_of(client, flow_run_id_of(run_id)).items()
        return sum(n.startswith("evaluate") and run.state.is_completed() for n, run in found)

    until(lambda: shown() == done_well)
    (whole,) = snippets(artifacts["nestedflow"])
    assert pasted(whole, tmp_path / "elsewhere", folder).startswith("False\n")


def snippets(text: str) -> list[str]:
    return [part.split("```")[0] for part in text.split("```python\n")[1:]]


def pasted(snippet: str, folder: Path, flow: FlowFolder) -> str:
    folder.mkdir(exist_ok=True)
    done = python("-c", snippet, folder=folder, variables=flow.environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_repaired_run_is_told_once(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "nested.py", PREFECT_API_URL=prefect_api)
    folder.create()
    failed = folder.run("out.py", "--who", "me", "--run-id-file", "id")
    assert failed.returncode == 1, failed.stderr
    (tmp_path / "mended").touch()
    words = failed.stderr.splitlines()[-1].split()[1:]
    done = folder.run(*words, "--run-id-file", "resumed")
    assert done.returncode == 0, done.stderr
    run_id = (tmp_path / "resumed").read_text()
    flow_run = client.read_flow_run(flow_run_id_of(run_id))
    origin = (tmp_path / "id").read_text()
    assert {"metaflow", f"resumed-from:{origin}"} <= set(flow_run.tags)
    artifacts = artifacts_of(client, run_id)
    assert "nestedflow-failure" not in artifacts
    summary = artifacts["nestedflow"]
    row = next(line for line in summary.splitlines() if line.startswith("| `evaluate`"))
    assert "30/30" in row
    steps = ("start", "country", "evaluate", "best", "total", "end")
    for step in steps:
        for snippet in snippets(artifacts[f"nestedflow-step-{step}"]):
            pasted(snippet, tmp_path / "elsewhere", folder)
    first, every = snippets(artifacts["nestedflow-step-evaluate"])
    assert pasted(first, tmp_path, folder) == "1\n"
    assert len(pasted(every, tmp_path, folder).splitlines()) == 30


def test_a_run_has_its_parameters_name_tag_and_page(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "nested.py", PREFECT_API_URL=prefect_api)
    folder.create()
    (tmp_path / "mended").touch()
    done = folder.run("out.py", "--who", "me", "--run-id-file", "id")
    assert done.returncode == 0, done.stderr
    run_id = (tmp_path / "id").read_text()
    flow_run = client.read_flow_run(flow_run_id_of(run_id))
    assert flow_run.name == "NestedFlow who=me"
    assert flow_run.parameters == {"alpha": 0.1, "who": "me"}
    assert "metaflow" in flow_run.tags
    code = f"from metaflow import Task; print(Task('NestedFlow/{run_id}/end/end').metadata_dict)"
    page = prefect_api.removesuffix("/api") + "/runs/task-run/"
    assert page in pasted(code, tmp_path, folder)


def test_what_a_killed_process_has_left_is_ended_by_the_next_attempt(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "sleeper.py", PREFECT_API_URL=prefect_api)
    process = folder.start(folder.create(), "--run-id-file", "id")
    with process:
        assert process.stdout is not None
        seen = list(itertools.islice(iter_lines(process, "pids"), 2))
        assert len(seen) == 2
        run_id = (tmp_path / "id").read_text()
        runs = until(lambda: running_of(client, run_id))
        process.kill()
    (tmp_path / "awake").touch()
    done = folder.run("out.py", "--resume", run_id)
    assert done.returncode == 0, done.stderr
    left = ended_task_runs(client, flow_run_id_of(run_id), *runs)
    assert {left[name].state.name for name in runs} == {"Stopped"}


def iter_lines(process: subprocess.Popen[str], word: str) -> Iterator[str]:
    assert process.stdout is not None
    return (line for line in process.stdout if word in line)


def running_of(client: SyncPrefectClient, run_id: str) -> list[str]:
    """The names of the two tasks that sleep, once Prefect shows them as running."""
    runs = task_runs_of(client, flow_run_id_of(run_id))
    found = [name for name, run in runs.items() if run.state and run.state.is_running()]
    return found if len(found) == 2 else []


def test_a_caught_failure_is_told_by_its_state(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("failure-catch_raise", tmp_path, prefect_api)
    runs = task_runs(client, result, "fine", "start")
    assert runs["fine"].state.name == "Completed"
    state = runs["start"].state
    assert (state.name, state.type) == ("Caught", StateType.COMPLETED)
    assert state.message.startswith("ValueError: caught in start, catch_raise.py:")


@pytest.mark.parametrize(
    ("case", "name", "state", "message"),
    [
        ("fail_exit_3", "start", "Failed", r"Exit code 3 in start"),
        ("fail_segfault", "start", "Failed", r"Killed by signal 11 \(SIGSEGV\) in start"),
        # what a system does that has no memory left
        ("fail_killed", "start", "Crashed", r"Killed by signal 9 \(SIGKILL\) in start"),
        ("timeouts_hangs", "end", "Failed", r"TimeoutException: .* in end, timeouts.py:\d+"),
    ],
)
def test_the_state_says_how_a_task_ended(
    tmp_path: Path,
    prefect_api: str,
    client: SyncPrefectClient,
    case: str,
    name: str,
    state: str,
    message: str,
) -> None:
    result = run_case(f"failure-{case}", tmp_path, prefect_api)
    runs = task_runs(client, result, name)
    red = {key: run for key, run in runs.items() if not run.state.is_completed()}
    assert list(red) == [name]
    assert red[name].state.name == state
    assert re.match(message, red[name].state.message)
    if "caught" in runs:
        assert runs["caught"].state.name == "Caught"
        assert re.match(r"TimeoutException: .* in caught", runs["caught"].state.message)
    errors = [log for log in logs_of(client, result) if log.level >= 40]
    assert [
        re.match(message, log.message) is not None for log in errors if not log.task_run_id
    ] == [True]
    of_task = [log for log in errors if log.task_run_id == red[name].id]
    assert len(of_task) <= 2  # its traceback, and the state that it ended in


def test_an_artifact_for_each_step_says_how_to_get_what_it_left(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-foreach_list", tmp_path, prefect_api)
    assert result.run_id is not None
    artifacts = artifacts_of(client, result.run_id)
    flow, run = "foreachlistflow", f"ForeachListFlow/{result.run_id}"
    steps = {f"{flow}-step-{name}" for name in ("start", "body", "join", "end")}
    assert set(artifacts) == {flow, *steps}
    assert f"Task('{run}/start/start')" in artifacts[f"{flow}-step-start"]
    assert f"for task in Step('{run}/body'):" in artifacts[f"{flow}-step-body"]
    assert f"Run('{run}')" in artifacts[flow]
    _, snippet = snippets(artifacts[f"{flow}-step-body"])
    variables = environment(result.case, tmp_path)
    printed = python("-c", snippet, folder=tmp_path, variables=variables)
    assert len(printed.stdout.splitlines()) == 3


def test_the_command_opens_the_card(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "card.py", PREFECT_API_URL=prefect_api)
    folder.create()
    done = folder.run("out.py", "--run-id-file", "id")
    assert done.returncode == 0, done.stderr
    artifacts = artifacts_of(client, (tmp_path / "id").read_text())
    commands = [
        line
        for step in ("start", "body")
        for line in artifacts[f"cardflow-step-{step}"].splitlines()
        if " card view " in line
    ]
    folder.environment["BROWSER"] = "echo %s"
    opened = [folder.run(*shlex.split(line)[1:]).stdout for line in commands]
    shown = [Path(re.findall(r"file://(\S+)", text)[0]) for text in opened]
    kinds = [path.name.rpartition("-")[0] for path in shown]
    assert sorted(kinds) == ["blank-first", "blank-second", "default"]  # as the store lists them
    assert all("<html" in path.read_text() for path in shown)


def test_attempts_are_retries_of_one_task_run(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("failure-retry_once", tmp_path, prefect_api)
    counts = sorted(run.run_count for run in task_runs(client, result).values())
    assert counts[-1] == 2
    assert counts[0] == 1


def test_a_task_runs_state_names_the_metaflow_task(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-linear", tmp_path, prefect_api)
    state = task_runs(client, result, "middle")["middle"].state
    assert state.message == f"Metaflow task LinearFlow/{result.run_id}/middle/middle"


def test_the_run_id_is_the_flow_runs(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    result = run_case("graph-single_step", tmp_path, prefect_api)
    flow_run = client.read_flow_run(flow_run_id(result))
    assert flow_run.state is not None
    assert flow_run.state.is_completed()
    assert str(result.run_id) in str(flow_run.state.message)


def test_resources_limit_how_many_run_and_retry_waits(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = FlowFolder(tmp_path, SOURCES / "limited.py", PREFECT_API_URL=prefect_api)
    create = folder.run("limited.py", "prefect", "create", "out.py", "--concurrency-tag", "gpu")
    assert create.returncode == 0, create.stderr
    client.create_concurrency_limit("gpu", 1)
    try:
        done = folder.run("out.py", "--run-id-file", "id")
    finally:
        client.delete_concurrency_limit_by_tag("gpu")
    assert done.returncode == 0, done.stderr
    assert "overlap: False" in done.stderr
    assert "waited: True" in done.stderr
    runs = ended_task_runs(client, flow_run_id_of((tmp_path / "id").read_text()), "start")
    tags = {name.split()[0]: sorted(run.tags) for name, run in runs.items()}
    assert tags["train[0]"] == tags["train[1]"] == ["gpu", "gpu=1", "memory=16000"]
    assert tags["start"] == []
