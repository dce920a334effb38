"""A folder of flows that is deployed to a real server and run by a real process worker."""

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from e2e.project import FlowFolder
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from support.run import RETRIES, engine_command, prefect_python
from support.wait import until


@contextmanager
def client_of(api: str) -> Iterator[SyncPrefectClient]:
    """A client of the server."""
    settings = {PREFECT_API_URL: api, PREFECT_CLIENT_MAX_RETRIES: RETRIES}
    with temporary_settings(settings), get_client(sync_client=True) as client:
        yield client


def own_pool(name: str) -> str:
    """Name a work pool of this pytest worker, whose runs no other one's Prefect worker takes."""
    return f"{name}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


def make_pool(api: str, name: str, kind: str = "process", engine: str = "", **settings: Any) -> str:
    """Make a work pool, unless another test has made it.

    Args:
        api: The URL of Prefect's API.
        name: Its name.
        kind: What it starts.
        engine: The command of a flow run's process, if not that of `engine_command`.
        settings: What else it is made with.
    """
    if kind == "process":
        template = direct_template(engine or engine_command())
        settings = {"base_job_template": template, **settings}
    with client_of(api) as client, suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=name, type=kind, **settings))
    return name


def direct_template(engine: str) -> dict[str, Any]:
    """The job template of a worker that starts Prefect's engine by this command.

    Without a command two more processes stand between them, which import Prefect each; that is how
    test_deployments.py and test_deployed_repository.py run them.
    """
    from prefect.workers.process import ProcessWorker  # here, as all import this file

    template = ProcessWorker.get_default_base_job_template()
    command = template["variables"]["properties"]["command"]
    command["default"] = engine
    return template


@contextmanager
def worker(pool: str, environment: dict[str, str], folder: Path) -> Iterator[None]:
    """Have a worker take all runs of a work pool.

    Args:
        pool: The work pool.
        environment: Its environment variables.
        folder: Where it runs; there is nothing in it that a flow would need.
    """
    command = ["-m", "prefect", "worker", "start", "--pool", pool, "--install-policy", "never"]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [*shlex.split(prefect_python()), *command],
            cwd=folder,
            env={**environment, "PREFECT_WORKER_QUERY_SECONDS": "2"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class Flows(FlowFolder):
    """Flows, each written by the tests, with the commands of each."""

    def __init__(self, folder: Path, api: str, **flows: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        first, *_ = flows
        for name, text in flows.items():
            (folder / f"{name}.py").write_text(text)
        scratch = folder.parent / f"{folder.name}-source"
        scratch.mkdir()
        (scratch / f"{first}.py").write_text(flows[first])
        super().__init__(folder, scratch / f"{first}.py", PREFECT_API_URL=api)

    def prefect(self, flow: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of a flow, with Metaflow being quiet."""
        return self.run(f"{flow}.py", "--quiet", "prefect", *words)

    def good(self, flow: str, *words: str) -> str:
        """Run a command of a flow that must be successful; return what it prints."""
        done = self.prefect(flow, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def trigger(self, flow: str, *words: str) -> str:
        """Start a run, and return its id in Metaflow."""
        self.good(flow, *words, "--run-id-file", "run_id")
        return (self.path / "run_id").read_text()

    def awaited(self, flow: str, run_id: str, *top: str) -> str:
        """Wait for the end of a run, and return its status."""

        id_ = UUID(run_id.removeprefix("prefect-"))

        def ended(client: SyncPrefectClient) -> bool:
            state = client.read_flow_run(id_).state
            return state is not None and state.is_final()

        with client_of(self.environment["PREFECT_API_URL"]) as client:
            until(partial(ended, client), f"the end of {run_id}")
        return self.run(f"{flow}.py", *top, "--quiet", "prefect", "status", run_id).stdout.strip()
