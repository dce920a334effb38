"""What Prefect's server keeps of a run is the same with fewer events, or with events of our own.

This rests on what Prefect's recorder takes from an event, and on what a heartbeat holds; so it is
to be run with each version of Prefect that is supported.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from e2e.project import SOURCES, FlowFolder
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.events import ReceivedEvent
from prefect.events.filters import EventFilter, EventNameFilter, EventResourceFilter
from support.wait import until

FLOWS = Path(__file__).parents[1] / "flows"
VARIABLE = "METAFLOW_PREFECT_RUNNING_AFTER"
OF_THIS_RUN = {"id", "state_id", "flow_run_id", "created", "updated", "state", "task_inputs"}
MEASURED = {"start_time", "end_time", "expected_start_time", "total_run_time"}
MEASURED |= {"estimated_run_time", "estimated_start_time_delta"}


def run_of(folder: Path, api: str, **variables: str) -> UUID:
    """Run the flow to its end and return the id of the flow run."""
    source = SOURCES / "short_and_long.py"
    flow = FlowFolder(folder, source, PREFECT_API_URL=api, **variables)
    flow.create()
    done = flow.run("out.py")
    assert done.returncode == 1, done.stdout + done.stderr
    found = re.search(r"ShortAndLongFlow/prefect-([0-9a-f-]{36})", done.stderr)
    assert found
    return UUID(found[1])


def task_runs(client: SyncPrefectClient, flow_run: UUID) -> dict[str, Any]:
    """The task runs of a flow run, once the server has stored all of what was told of them."""
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))

    def stored() -> dict[str, Any]:
        runs = {run.name: run for run in client.read_task_runs(flow_run_filter=chosen)}
        end = runs.get("end")
        return runs if end and end.state and end.state.is_final() else {}

    return until(stored)


def states(client: SyncPrefectClient, run: Any) -> list[Any]:
    found = client.request("GET", "/task_run_states/", params={"task_run_id": str(run.id)}).json()
    return sorted(found, key=lambda state: str(state["timestamp"]))


def test_a_short_task_run_is_told_once_and_wholly(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    told_once = task_runs(client, run_of(tmp_path / "once", prefect_api, **{VARIABLE: "5"}))
    told_all = task_runs(client, run_of(tmp_path / "all", prefect_api, **{VARIABLE: "0"}))
    assert set(told_once) == set(told_all)
    names = {run.id: name for runs in (told_once, told_all) for name, run in runs.items()}
    for name, once in told_once.items():
        full = told_all[name]
        ignored = OF_THIS_RUN | MEASURED
        assert once.model_dump(exclude=ignored) == full.model_dump(exclude=ignored), name
        for field in MEASURED:
            assert (getattr(once, field) is None) == (getattr(full, field) is None), field
        for run in (once, full):
            assert run.expected_start_time <= run.start_time < run.end_time
            assert timedelta(0) < run.total_run_time <= run.end_time - run.start_time
        assert inputs(once, names) == inputs(full, names)
        assert once.state.message.split("prefect-")[0] == full.state.message.split("prefect-")[0]
    history = {name: [s["name"] for s in states(client, run)] for name, run in told_once.items()}
    assert history == {
        "start": ["Completed"],
        "long": ["Running", "Completed"],
        "retried": ["Running", "Retrying", "Completed"],
        "caught": ["Running", "Caught"],
        "tagged": ["Completed"],
        "join": ["Completed"],
        "end": ["Failed"],
    }
    complete = {name: [s["name"] for s in states(client, run)] for name, run in told_all.items()}
    for name, names_once in history.items():
        assert complete[name] == (["Running"] * ("Running" not in names_once)) + names_once


def inputs(run: Any, names: dict[UUID, str]) -> list[str]:
    return sorted(names[one.id] for one in run.task_inputs["unit"])


def test_a_time_that_makes_no_sense_is_refused(tmp_path: Path, prefect_api: str) -> None:
    flow = FlowFolder(tmp_path, SOURCES / "short_and_long.py", PREFECT_API_URL=prefect_api)
    flow.environment[VARIABLE] = "soon"
    done = flow.run(flow.create())
    assert done.returncode == 2
    assert done.stderr == f"{VARIABLE} is 'soon'. Set it to seconds, 0 or more.\n"


def heartbeats(client: SyncPrefectClient, output: str) -> list[ReceivedEvent]:
    """The heartbeats of a run, which the server stores some seconds after they came."""
    found = re.search(r"LinearFlow/prefect-([0-9a-f-]{36})", output)
    assert found, output
    chosen = EventFilter(
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{found[1]}"]),
    )
    events: list[ReceivedEvent] = until(lambda: client.read_events(chosen, limit=5).events)
    return events


def test_a_heartbeat_is_as_prefects_own(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    flow = FlowFolder(tmp_path, FLOWS / "linear.py", PREFECT_API_URL=prefect_api)
    flow.create()
    tagged = "from prefect import tags\nfrom out import linear_flow\nwith tags('b', 'a'):\n    "
    own = flow.run("-c", f"{tagged}linear_flow()").stderr  # Prefect sends them
    ours = flow.run(
        "-c", f"{tagged}import runpy; runpy.run_path('out.py', None, '__main__')"
    ).stderr
    (theirs,), (sent,) = heartbeats(client, own), heartbeats(client, ours)
    assert sent.resource.root.keys() == theirs.resource.root.keys()
    assert sent.resource.root["prefect.version"] == theirs.resource.root["prefect.version"]
    assert [one.root for one in sent.related] == [one.root for one in theirs.related]
