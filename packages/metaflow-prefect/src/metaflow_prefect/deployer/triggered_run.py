"""A run of a flow that is deployed to Prefect."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from metaflow import Run
from metaflow.runner.deployer import TriggeredRun

from metaflow_prefect.deploy.seen import metaflow_run, status_seen
from metaflow_prefect.deploy.tokens import check_authorized
from metaflow_prefect.deployer.server import server_of, user_of, went_well
from metaflow_prefect.errors import OperationProblem

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

    from metaflow_prefect.deploy.known import Known
    from metaflow_prefect.deploy.operations import Operator

RUNNING = ("Pending", "Running")


class PrefectTriggeredRun(TriggeredRun):
    """A run of a flow that is deployed to Prefect."""

    @property
    def _run_id(self) -> str:
        return str(self.pathspec.split("/")[1])

    @contextmanager
    def _found(self) -> Iterator[tuple[Operator, FlowRun]]:
        with server_of(self.deployer.env_vars) as server:
            yield server, server.run(self._run_id)

    def _change(self, what: str, authorize: str | None) -> bool:
        def change() -> None:
            with self._found() as (server, run):
                deployment = server.deployment_of(run)
                check_authorized(deployment, authorize, what, user_of(self.deployer))
                getattr(server, what)(run)

        return went_well(change)

    @property
    def run(self) -> Run | None:
        """The Metaflow run, once it has begun.

        Returns
        -------
        Run, optional
            The run; None while there is none yet.
        """
        return metaflow_run(self.pathspec, self.metadata_for_flow)

    @property
    def status(self) -> str | None:
        """The status of the run.

        Returns
        -------
        str, optional
            "Pending", "Running", "Succeeded" or "Failed"; None if it cannot be retrieved.
        """
        from metaflow_prefect.deploy.runs import status_of  # noqa: PLC0415

        try:
            with self._found() as (_, run):
                found = status_of(run)
        except OperationProblem:
            return None
        return status_seen(found, self.pathspec, self.metadata_for_flow)

    @property
    def is_running(self) -> bool:
        """Whether the run has not ended yet.

        Returns
        -------
        bool
            True if the status is "Pending" or "Running".
        """
        return self.status in RUNNING

    @property
    def url(self) -> str | None:
        """The address of the run's page in Prefect.

        Returns
        -------
        str, optional
            The address; None if the server has no pages.
        """
        from metaflow_prefect.deploy.runs import page_of  # noqa: PLC0415

        with self._found() as (_, run):
            return page_of(run)

    def wait_for_completion(self, check_interval: int = 5, timeout: int | None = None) -> None:
        """Wait for the end of the run.

        Parameters
        ----------
        check_interval : int, default 5
            Seconds between looks at the run.
        timeout : int, optional, default None
            Seconds to wait at most; None for no limit.

        Raises
        ------
        TimeoutError
            The run has not ended in time.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while self.is_running:
            if end is not None and time.monotonic() > end:
                raise TimeoutError("Workflow did not complete within specified timeout.")
            time.sleep(check_interval)

    def logs(self) -> list[str]:
        """Return what the run and its steps have logged in Prefect.

        Returns
        -------
        list[str]
            The messages, in the order of their times.
        """
        with self._found() as (server, run):
            return [line.message for line in server.logs(run)]

    def suspend(self, authorize: str | None = None) -> bool:
        """Suspend the run: no further steps are started.

        Parameters
        ----------
        authorize : str, optional, default None
            The production token, where somebody else has made the deployment.

        Returns
        -------
        bool
            Whether it was successful.
        """
        return self._change("suspend", authorize)

    def unsuspend(self, authorize: str | None = None) -> bool:
        """Have the suspended run go on.

        Parameters
        ----------
        authorize : str, optional, default None
            The production token, where somebody else has made the deployment.

        Returns
        -------
        bool
            Whether it was successful.
        """
        return self._change("unsuspend", authorize)

    def terminate(self, authorize: str | None = None) -> bool:
        """Terminate the run, with all of its steps.

        Parameters
        ----------
        authorize : str, optional, default None
            The production token, where somebody else has made the deployment.

        Returns
        -------
        bool
            Whether it was successful.
        """
        return self._change("terminate", authorize)

    def retry(self, authorize: str | None = None) -> bool:
        """Have the run, which has failed, go on where it failed.

        Parameters
        ----------
        authorize : str, optional, default None
            The production token, where somebody else has made the deployment.

        Returns
        -------
        bool
            Whether it was successful.
        """
        return self._change("retry", authorize)

    def resume(self, step_to_rerun: str | None = None) -> PrefectTriggeredRun:
        """Start another run, which takes over what succeeded in this one and runs the rest.

        Parameters
        ----------
        step_to_rerun : str, optional, default None
            A step to run again in any case, and what comes after it.

        Returns
        -------
        PrefectTriggeredRun
            The other run.
        """
        with self._found() as (server, run):
            deployment = server.deployment_of(run)
            resumed = server.resume(run, deployment, step_to_rerun)
        return triggered_run(self.deployer, deployment, resumed)


def triggered_run(deployer: Any, deployment: Known, run: FlowRun) -> PrefectTriggeredRun:
    """Return a run of a deployment as Metaflow's `Deployer` does.

    Args:
        deployer: Metaflow's deployer.
        deployment: The deployment.
        run: The run.
    """
    from metaflow_prefect.deploy.runs import run_id_of  # noqa: PLC0415

    content = {
        "metadata": deployment.record.metadata or deployer.metadata,
        "pathspec": f"{deployment.flow}/{run_id_of(run)}",
        "name": deployment.known_as,
    }
    return PrefectTriggeredRun(deployer=deployer, content=json.dumps(content))
