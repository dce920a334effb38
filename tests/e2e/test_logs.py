"""What steps print: on the terminal and in Prefect, also when it is much or the server is away."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from e2e.project import SOURCES, FlowFolder
from e2e.shown import ended_task_runs
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.sorting import LogSort
from support.outage import Door, door_to
from support.run import LIMIT
from support.wait import until_exists

PAGE = 200


def folder_for(tmp_path: Path, api: str, **variables: str) -> FlowFolder:
    source = SOURCES / "talkative.py"
    folder = FlowFolder(tmp_path, source, PREFECT_API_URL=api, **variables)
    folder.create()
    return folder


def flow_run_in(output: str) -> UUID:
    found = re.search(r"TalkativeFlow/prefect-([0-9a-f-]{36})", output)
    assert found, output[-3000:]
    return UUID(found[1])


def logs_of(client: SyncPrefectClient, output: str) -> list[Any]:
    """All records of the task run of the step that prints, in the order of Prefect's pages."""
    chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run_in(output)]))
    records: list[Any] = []
    while True:
        page = client.read_logs(chosen, PAGE, len(records), LogSort.TIMESTAMP_ASC)
        records += page
        if len(page) < PAGE:
            break
    runs = {record.task_run_id for record in records if record.message == "first"}
    assert len(runs) == 1
    return [record for record in records if record.task_run_id in runs]


@contextmanager
def printing_to_nobody(
    folder: FlowFolder, door: Door, place: Path, *options: str
) -> Iterator[subprocess.Popen[str]]:
    """A run whose step begins to print when the door to the server has been shut."""
    with folder.start("out.py", *options, "--wait", str(place)) as run:
        until_exists(place.with_name("place.ready"))
        door.shut()
        place.with_name("place.go").touch()
        yield run


def test_records_and_lines_are_as_prefects_own(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = folder_for(tmp_path, prefect_api)
    done = folder.run("out.py", "--lines", "3000")
    records = logs_of(client, done.stdout + done.stderr)
    told = [record for record in records if not record.message.startswith("Finished")]
    messages = [record.message for record in told]
    assert messages[:-4] == ["first", *(f"line {number:06}" for number in range(3000))][:-1]
    assert {"an error", "a warning", "last"} < {m.rpartition(":")[2] for m in messages[-4:]}
    assert [record.timestamp for record in told] == sorted({r.timestamp for r in told})
    assert {record.name for record in records} == {"prefect.task_runs"}
    levels = {record.message: record.level for record in records}
    assert (levels["first"], levels["a warning"], levels["ERROR:root:an error"]) == (20, 30, 40)
    # the line of a step and Prefect's own about the same task run
    form = r"(?m)^\d\d:\d\d:\d\d\.\d\d\d \| INFO    \| Task run 'start' - "
    assert re.search(rf"{form}line 002999$", done.stderr)
    assert re.search(rf"{form}Finished in state Completed", done.stderr)


def test_prefect_gets_the_first_and_the_last_lines(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    folder = folder_for(tmp_path, prefect_api, METAFLOW_PREFECT_LOG_LINES="50")
    done = folder.run("out.py", "--lines", "1000")
    output = done.stdout + done.stderr
    messages = [record.message for record in logs_of(client, output)]
    run = re.search(r"TalkativeFlow/(prefect-[0-9a-f-]{36})", output)
    assert run
    assert messages[:45] == ["first", *(f"line {number:06}" for number in range(44))]
    assert messages[45] == (
        "Prefect gets the first 45 and the last 5 lines of this task. See the rest with: "
        f"python talkative.py logs {run[1]}/start/start"
    )
    assert len(messages) == 46 + 5 + 1
    assert "last" in messages[46:51]
    assert output.count(" - line ") == 1000
    kept = folder.run("talkative.py", "logs", f"{run[1]}/start/start")
    assert kept.stdout.count("line ") == 1000


def test_a_limit_that_makes_no_sense_is_refused(tmp_path: Path, prefect_api: str) -> None:
    folder = folder_for(tmp_path, prefect_api, METAFLOW_PREFECT_LOG_LINES="-1")
    done = folder.run("out.py")
    assert done.returncode == 2
    problem = "METAFLOW_PREFECT_LOG_LINES is '-1'. Set it to a number of lines, 1 or more.\n"
    assert done.stderr == problem


def test_lines_and_states_wait_for_a_server_that_is_away(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    with door_to(prefect_api) as door:
        # so that the server has heard of no task run before
        folder = folder_for(tmp_path, door.url, METAFLOW_PREFECT_RUNNING_AFTER="600")
        place = tmp_path / "place"
        with printing_to_nobody(folder, door, place, "--lines", "100") as run:
            door.await_knocks(8)
            door.open()
            output, _ = run.communicate(timeout=LIMIT)
    assert run.returncode == 0, output
    messages = [record.message for record in logs_of(client, output)]
    assert [m for m in messages if m.startswith("line")] == [f"line {n:06}" for n in range(100)]
    assert "last" in messages
    runs = ended_task_runs(client, flow_run_in(output), "end")
    states = {name: run.state_name for name, run in runs.items()}
    assert states == {"start": "Completed", "end": "Completed"}


def test_a_step_waits_rather_than_fill_the_memory(tmp_path: Path, prefect_api: str) -> None:
    with door_to(prefect_api) as door:
        folder = folder_for(tmp_path, door.url, METAFLOW_PREFECT_LOG_LINES="1000000")
        place = tmp_path / "place"
        much = ("--lines", "2000", "--width", "20000")  # few, for the server's sake
        with printing_to_nobody(folder, door, place, *much) as run:
            assert run.stdout
            said = 0
            for line in run.stdout:  # until it waits, which ends with the door's opening
                said += " - line " in line
                if said == 300:
                    door.await_knocks(8)
                    assert not place.with_name("place.said").exists()
                    door.open()
            run.wait(timeout=LIMIT)
    assert run.returncode == 0
    assert said == 2000


@pytest.mark.thorough
def test_lines_that_a_server_is_behind_with_are_joined(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    with door_to(prefect_api) as door:
        folder = folder_for(tmp_path, door.url, METAFLOW_PREFECT_LOG_LINES="1000000")
        place = tmp_path / "place"
        with printing_to_nobody(folder, door, place, "--lines", "30000") as run:
            assert run.stdout
            said = []
            for line in run.stdout:
                said.append(line)
                if " - line 029" in line:
                    door.open()
            run.wait(timeout=LIMIT)
    assert run.returncode == 0
    records = logs_of(client, "".join(said))
    assert len(records) < 15_000
    found = [one for record in records for one in record.message.splitlines()]
    assert [one for one in found if one.startswith("line")] == [
        f"line {number:06}" for number in range(30_000)
    ]
