"""A task runner that somebody gives the flow in a generated file is obeyed, or refused."""

from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from e2e.project import FlowFolder
from e2e.scheduler import client_of
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

FLOW = Path(__file__).parents[1] / "flows" / "split_join.py"


@pytest.fixture
def folder(tmp_path: Path, prefect_api: str) -> FlowFolder:
    return FlowFolder(tmp_path, FLOW, PREFECT_API_URL=prefect_api)


def edited(folder: FlowFolder, runner: str) -> str:
    file = folder.path / folder.create()
    text = file.read_text()
    changed = text.replace("\n@flow(", f"\n@flow(task_runner={runner}, ", 1)
    assert changed != text
    name, _, _ = runner.partition("(")
    begin, end = "from prefect import flow", f"from prefect.task_runners import {name}\n"
    file.write_text(changed.replace(begin, end + begin, 1))
    return file.name


def test_threads_are_as_many_as_it_says(folder: FlowFolder, prefect_api: str) -> None:
    words = (edited(folder, "ThreadPoolTaskRunner(max_workers=1)"), "--run-id-file", "id")
    done = folder.run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    run_id = (folder.path / "id").read_text().removeprefix("prefect-")
    with client_of(prefect_api) as client:
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run_id)]))
        tasks = client.read_task_runs(flow_run_filter=chosen)
    times = [(one.start_time, one.end_time) for one in tasks if one.start_time and one.end_time]
    assert len(times) > 3
    assert all(end <= start for (_, end), (start, _) in pairwise(sorted(times)))


def test_one_that_cannot_run_them_is_refused(folder: FlowFolder) -> None:
    done = folder.run(edited(folder, "ProcessPoolTaskRunner()"))
    assert done.returncode == 1
    assert "The task runner ProcessPoolTaskRunner of the flow cannot run" in done.stderr
    assert not list(folder.path.glob(".metaflow/SplitJoinFlow/*/start"))
