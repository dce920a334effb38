"""Flows that tests deploy, and repositories of them."""

import json
import subprocess
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from e2e.project import FlowFolder
from e2e.scheduler import worker
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun, State
from support.wait import until

FLOWS = Path(__file__).parents[1] / "flows"
STEPS = """
    @step
    def only(self):
        pass


if __name__ == "__main__":
    {name}()
"""
REQUIRED = "    the_day = Parameter('the-day', required=True)\n"


def flow(name: str, *decorators: str, body: str = "") -> str:
    imports = "FlowSpec, Parameter, schedule, step, trigger, trigger_on_finish"
    lines = "\n".join((*decorators, f"class {name}(FlowSpec):", body))
    return f"from metaflow import {imports}\n\n\n{lines}{STEPS.format(name=name)}"


def runs_of(client: SyncPrefectClient, deployment: Any) -> list[FlowRun]:
    chosen = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment.id]))
    return client.read_flow_runs(flow_run_filter=chosen, limit=50)


def work(
    folder: FlowFolder, pool: str, client: SyncPrefectClient, *runs: FlowRun
) -> list[State[Any]]:
    """Have a worker run what is due until these runs have ended, and return how."""
    with worker(pool, folder.environment, folder.path / "worker"):
        return [until(partial(end_of, client, run.id)) for run in runs]


def end_of(client: SyncPrefectClient, id_: UUID) -> State[Any] | None:
    state = client.read_flow_run(id_).state
    return state if state is not None and state.is_final() else None


def schedule_as_by_0_4_0(client: SyncPrefectClient, deployment: str) -> None:
    """Give the schedule of a flow's decorator the slug that it once had."""
    found = client.read_deployment_by_name(deployment)
    (ours,) = (one for one in found.schedules if one.slug)
    client.delete_deployment_schedule(found.id, ours.id)
    earlier = DeploymentScheduleCreate(schedule=ours.schedule, active=False, slug="metaflow")
    client.create_deployment_schedules(found.id, [earlier])


class Repository(FlowFolder):
    """A folder of several flows, all of them of this test module."""

    def __init__(self, folder: Path, api: str, flows: dict[str, str]) -> None:
        super().__init__(folder, FLOWS / "linear.py", PREFECT_API_URL=api)
        (folder / "linear.py").unlink()
        self.environment["MFP_CACHE_DIR"] = str(folder.parent / "cache")
        for name, text in flows.items():
            path = folder / "flows" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def mfp(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.run("-m", "mfp", *words)

    def deploy(self, *words: str) -> tuple[int, dict[str, str]]:
        """Deploy, and tell what has become of each deployment."""
        done = self.mfp("deploy", "flows", "--json", "result.json", *words)
        document = json.loads((self.path / "result.json").read_text())
        return done.returncode, {one["name"]: one["status"] for one in document["deployments"]}
