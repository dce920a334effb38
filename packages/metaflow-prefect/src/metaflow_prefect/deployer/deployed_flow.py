"""A flow that is deployed to Prefect."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from metaflow import get_metadata
from metaflow.exception import MetaflowException
from metaflow.runner.deployer import DeployedFlow

from metaflow_prefect.deploy.tokens import check_authorized
from metaflow_prefect.deployer.server import server_of, user_of, went_well
from metaflow_prefect.deployer.triggered_run import PrefectTriggeredRun, triggered_run
from metaflow_prefect.errors import OperationProblem

if TYPE_CHECKING:
    from metaflow_prefect.deploy.known import Known
    from metaflow_prefect.deploy.operations import Operator


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


class PrefectDeployedFlow(DeployedFlow):
    """A flow that is deployed to Prefect."""

    TYPE: ClassVar[str | None] = "prefect"

    @contextmanager
    def _found(self) -> Iterator[tuple[Operator, Known]]:
        with server_of(self.deployer.env_vars) as server:
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
        with server_of(os.environ) as server:
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
        with server_of(os.environ) as server:
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
        return triggered_run(self.deployer, deployment, run)

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
        return [triggered_run(self.deployer, deployment, run) for run in runs]

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
        return triggered_run(self.deployer, deployment, run)

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
                check_authorized(deployment, authorize, "delete", user_of(self.deployer))
                server.delete(deployment)

        return went_well(delete)
