"""Prefect as one of the schedulers of Metaflow's `Deployer`.

Metaflow imports this wherever it is imported itself, so it must cost nothing, and must not need the
package beside: in a code package that runs elsewhere there is this extension alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from metaflow.runner.deployer_impl import DeployerImpl

if TYPE_CHECKING:
    from metaflow_prefect.deployer import PrefectDeployedFlow


class PrefectDeployer(DeployerImpl):
    """Deploys flows to Prefect.

    Parameters
    ----------
    name : str, optional, default None
        The deployment's name. By default it follows from the flow and its `@project`.
    """

    TYPE: ClassVar[str | None] = "prefect"

    def __init__(self, deployer_kwargs: dict[str, Any], **kwargs: Any) -> None:
        """Prepare to deploy a flow.

        Parameters
        ----------
        deployer_kwargs : dict[str, Any]
            The options of the command group `prefect`.
        **kwargs : Any
            What `Deployer` was given.
        """
        self._deployer_kwargs = deployer_kwargs
        super().__init__(**kwargs)

    @property
    def deployer_kwargs(self) -> dict[str, Any]:
        """The options of the command group `prefect`."""
        return self._deployer_kwargs

    @staticmethod
    def deployed_flow_type() -> type[PrefectDeployedFlow]:
        """Return the class of what `create` returns."""
        from metaflow_prefect.deployer import PrefectDeployedFlow  # noqa: PLC0415

        return PrefectDeployedFlow

    def create(self, **kwargs: Any) -> PrefectDeployedFlow:
        """Deploy the flow to Prefect, by `prefect create`.

        Parameters
        ----------
        authorize : str, optional, default None
            The production token of what somebody else has deployed.
        generate_new_token : bool, optional, default False
            Give the deployment another production token, and so another namespace.
        given_token : str, optional, default None
            Give the deployment this production token.
        tags : list[str], optional, default None
            Tags of all runs.
        user_namespace : str, optional, default None
            The namespace that the flow's own queries see.
        only_json : bool, optional, default False
            Only print what would be deployed.
        max_workers : int, optional, default None
            How many tasks of a run are running at a time.
        workflow_timeout : int, optional, default None
            Seconds after which a run is stopped.
        pull : str, optional, default None
            How workers get the code: "package", "git" or "local".
        work_pool : str, optional, default None
            The work pool that the runs go to.
        work_queue : str, optional, default None
            The queue of the work pool.
        image : str, optional, default None
            The image that runs are started from.
        job_variables : list[str], optional, default None
            Job variables of the work pool, each as "NAME=VALUE".
        concurrency_limit : int, optional, default None
            How many runs of the deployment run at a time.
        parameters : list[str], optional, default None
            Parameters that runs have unless they say otherwise, each as "NAME=VALUE".
        scheduled : bool, optional, default None
            Whether the schedule is active.
        paused : bool, optional, default False
            Whether the deployment starts nothing until it is resumed.

        Returns
        -------
        PrefectDeployedFlow
            The flow deployed to Prefect.
        """
        found: PrefectDeployedFlow = self._create(self.deployed_flow_type(), **kwargs)
        return found


_addl_stubgen_modules = [
    "metaflow_prefect.deployer.deployed_flow",
    "metaflow_prefect.deployer.triggered_run",
]
