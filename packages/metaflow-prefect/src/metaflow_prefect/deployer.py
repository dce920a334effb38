"""What Metaflow's `Deployer` returns for Prefect: deployed flows and their triggered runs.

All that they know is on the server, so that they work in any process and folder, on any machine,
and without the flow's file.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from metaflow import Run, get_metadata
from metaflow.exception import MetaflowException
from metaflow.runner.deployer import DeployedFlow, TriggeredRun

from metaflow_prefect.deploy.seen import metaflow_run, status_seen
from metaflow_prefect.deploy.tokens import check_authorized
from metaflow_prefect.errors import MetaflowPrefectError, OperationProblem

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

    from metaflow_prefect.deploy.known import Known
    from metaflow_prefect.deploy.operations import Operator

RUNNING = ("Pending", "Running")
# How a process reaches its server; a `Deployer` may have others than this process began with.
SERVER_SETTINGS = ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_API_AUTH_STRING")


@dataclass
class ServerDeployer:
    """Stands for the deployer of a flow that was found on the server, whose file is not known.

    Args:
        name: The name by which the deployment is known.
        flow_name: The name of its flow.
        metadata: Metaflow's metadata provider, as `local@/folder`.
        additional_info: The deployment's full name, as `create` tells it.
        env_vars: The environment of what it does.
    """

    name: str
    flow_name: str
    metadata: str
    additional_info: dict[str, Any]
    env_vars: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    TYPE: ClassVar[str] = "prefect"


@contextmanager
def _server(environment: Mapping[str, str]) -> Iterator[Operator]:
    """Connect to the server that an environment names."""
    import prefect.settings  # noqa: PLC0415 - it takes seconds

    from metaflow_prefect.deploy.operations import operator  # noqa: PLC0415

    chosen = {
        getattr(prefect.settings, name): environment[name]
        for name in SERVER_SETTINGS
        if environment.get(name)
    }
    with prefect.settings.temporary_settings(chosen), operator() as server:
        yield server


def _done(what: Callable[[], object]) -> bool:
    """Do something, as a command would: tell what goes wrong, and return whether it went well."""
    try:
        what()
    except MetaflowPrefectError as problem:
        sys.stderr.write(f"{problem}\n")
        return False
    return True


class PrefectTriggeredRun(TriggeredRun):
    """A run of a flow that is deployed to Prefect."""

    @property
    def _run_id(self) -> str:
        return str(self.pathspec.split("/")[1])

    @contextmanager
    def _found(self) -> Iterator[tuple[Operator, FlowRun]]:
        with _server(self.deployer.env_vars) as server:
            yield server, server.run(self._run_id)

    def _change(self, what: str, authorize: str | None) -> bool:
        def change() -> None:
            with self._found() as (server, run):
                deployment = server.deployment_of(run)
                check_authorized(deployment, authorize, what, _user(self.deployer))
                getattr(server, what)(run)

        return _done(change)

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
        from metaflow_prefect.deploy.operations import status_of  # noqa: PLC0415

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
        from metaflow_prefect.deploy.operations import page_of  # noqa: PLC0415

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
        return _triggered(self.deployer, deployment, resumed)


class PrefectDeployedFlow(DeployedFlow):
    """A flow that is deployed to Prefect."""

    TYPE: ClassVar[str | None] = "prefect"

    @contextmanager
    def _found(self) -> Iterator[tuple[Operator, Known]]:
        with _server(self.deployer.env_vars) as server:
            yield server, server.deployment(self.full_name)

    @property
    def full_name(self) -> str:
        """The name by which Prefect knows the deployment: flow and deployment.

        Returns
        -------
        str
            The name, as "HelloFlow/default".
        """
        said = self.deployer.additional_info["deployment"]
        return said if isinstance(said, str) else f"{said['flow_name']}/{said['name']}"

    @property
    def workflow_template(self) -> dict[str, Any] | None:
        """What an `only_json=True` create would have deployed.

        Returns
        -------
        dict, optional
            The deployment; None for one that was really made.
        """
        said = self.deployer.additional_info["deployment"]
        return said if isinstance(said, dict) else None

    @property
    def production_token(self) -> str | None:
        """The production token of the deployment.

        Returns
        -------
        str, optional
            The token; None if it cannot be retrieved.
        """
        try:
            with self._found() as (_, deployment):
                return deployment.production.token if deployment.production else None
        except OperationProblem:
            return None

    @classmethod
    def list_deployed_flows(cls, flow_name: str | None = None) -> Iterator[PrefectDeployedFlow]:
        """List the flows that are deployed to Prefect.

        Parameters
        ----------
        flow_name : str, optional, default None
            Only the deployments of this flow; None for those of all flows.

        Yields
        ------
        PrefectDeployedFlow
            Each deployment of a Metaflow flow.
        """
        with _server(os.environ) as server:
            found = server.deployments(flow_name)
        for deployment in found:
            yield cls._of(deployment, None)

    @classmethod
    def from_deployment(cls, identifier: str, metadata: str | None = None) -> PrefectDeployedFlow:
        """Find a deployment on the server.

        Parameters
        ----------
        identifier : str
            Its name: "project.branch.Flow", the flow's name, the name that it was given, or
            Prefect's "Flow/name".
        metadata : str, optional, default None
            The metadata provider that knows its runs; None for the one it was made with.

        Returns
        -------
        PrefectDeployedFlow
            The deployed flow.

        Raises
        ------
        MetaflowException
            There is none of that name, or there are several.
        """
        with _server(os.environ) as server:
            try:
                found = server.find(identifier)
            except OperationProblem as problem:
                raise MetaflowException(str(problem)) from problem
        return cls._of(found, metadata)

    @classmethod
    def _of(cls, deployment: Known, metadata: str | None) -> PrefectDeployedFlow:
        deployer = ServerDeployer(
            name=deployment.known_as,
            flow_name=deployment.flow,
            metadata=metadata or deployment.record.metadata or get_metadata(),
            additional_info={"deployment": deployment.full_name},
        )
        return cls(deployer=deployer)

    @classmethod
    def get_triggered_run(
        cls, identifier: str, run_id: str, metadata: str | None = None
    ) -> PrefectTriggeredRun:
        """Find a run of a deployment on the server.

        Parameters
        ----------
        identifier : str
            The deployment's name, as `from_deployment` takes it.
        run_id : str
            The id of the Metaflow run, as "prefect-…".
        metadata : str, optional, default None
            The metadata provider that knows the run; None for the deployment's own.

        Returns
        -------
        PrefectTriggeredRun
            The run.
        """
        deployer = cls.from_deployment(identifier, metadata).deployer
        content = {
            "metadata": deployer.metadata,
            "pathspec": f"{deployer.flow_name}/{run_id}",
            "name": run_id,
        }
        return PrefectTriggeredRun(deployer=deployer, content=json.dumps(content))

    def trigger(self, **kwargs: Any) -> PrefectTriggeredRun:
        """Start a run.

        Parameters
        ----------
        **kwargs : Any
            The flow's parameters, by their names with "_" for "-".

        Returns
        -------
        PrefectTriggeredRun
            The run, which begins when a worker takes it.

        Raises
        ------
        ValueError
            A parameter is missing or not one of the flow's, or its value is not of its type.
        """
        with self._found() as (server, deployment):
            try:
                run = server.trigger(deployment, deployment.arguments_of(kwargs))
            except OperationProblem as problem:
                raise ValueError(str(problem)) from problem
        return _triggered(self.deployer, deployment, run)

    def list_runs(self, limit: int = 20) -> list[PrefectTriggeredRun]:
        """List the runs of the deployment, the latest first.

        Parameters
        ----------
        limit : int, default 20
            How many at most.

        Returns
        -------
        list[PrefectTriggeredRun]
            The runs, also those that have not begun yet.
        """
        with self._found() as (server, deployment):
            runs = server.runs(deployment, limit)
        return [_triggered(self.deployer, deployment, run) for run in runs]

    def resume(
        self, origin_run_id: str | None = None, step_to_rerun: str | None = None
    ) -> PrefectTriggeredRun:
        """Start a run that takes over what succeeded in an earlier one, and runs the rest.

        Parameters
        ----------
        origin_run_id : str, optional, default None
            The id of the earlier run; None for the latest one.
        step_to_rerun : str, optional, default None
            A step to run again in any case, and what comes after it.

        Returns
        -------
        PrefectTriggeredRun
            The run.

        Raises
        ------
        ValueError
            There is no such run, or it is still running.
        """
        with self._found() as (server, deployment):
            try:
                if origin_run_id is None:
                    origin = server.latest_run(deployment)
                else:
                    origin = server.run(origin_run_id)
                run = server.resume(origin, deployment, step_to_rerun)
            except OperationProblem as problem:
                raise ValueError(str(problem)) from problem
        return _triggered(self.deployer, deployment, run)

    def delete(self, authorize: str | None = None) -> bool:
        """Delete the deployment, its schedule and its triggers; runs under way go on.

        Parameters
        ----------
        authorize : str, optional, default None
            The production token, where somebody else has made the deployment.

        Returns
        -------
        bool
            Whether it was successful.
        """

        def delete() -> None:
            with self._found() as (server, deployment):
                check_authorized(deployment, authorize, "delete", _user(self.deployer))
                server.delete(deployment)

        return _done(delete)


def _user(deployer: Any) -> str | None:
    found: str | None = deployer.env_vars.get("METAFLOW_USER")
    return found


def _triggered(deployer: Any, deployment: Known, run: FlowRun) -> PrefectTriggeredRun:
    from metaflow_prefect.deploy.operations import run_id_of  # noqa: PLC0415

    content = {
        "metadata": deployment.record.metadata or deployer.metadata,
        "pathspec": f"{deployment.flow}/{run_id_of(run)}",
        "name": deployment.known_as,
    }
    return PrefectTriggeredRun(deployer=deployer, content=json.dumps(content))
