"""Operate deployments and their runs: all that is known of them is what the server has.

It imports Prefect, which takes seconds: so it is itself imported only by what operates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

from metaflow_prefect.deploy.automations import delete_automations
from metaflow_prefect.deploy.deployment import OWNER_VARIABLE, TOKEN_VARIABLE
from metaflow_prefect.deploy.description import Production
from metaflow_prefect.deploy.errors import detail, server_errors, tolerated
from metaflow_prefect.deploy.known import Known
from metaflow_prefect.deploy.record import Record
from metaflow_prefect.deploy.runs import ENDED, PAGE, RunOperator, run_id_of, status_of
from metaflow_prefect.deploy.server import api_url, await_answer
from metaflow_prefect.errors import OperationProblem
from metaflow_prefect.runtime.facts import RUN_PREFIX, is_unicode
from metaflow_prefect.runtime.flow_run.deployed import RESUME_VARIABLE


@contextmanager
def operator() -> Iterator[Operator]:
    """Connect to the server in `PREFECT_API_URL`.

    Yields:
        What operates its deployments.

    Raises:
        DeployProblem: There is none, or it does not answer, or rejects our credentials.
    """
    url = api_url()
    with server_errors(url):
        await_answer()
        with get_client(sync_client=True) as client:
            yield Operator(client, url)


class Operator(RunOperator):
    """Operates the deployments of a Prefect server, and their runs.

    Args:
        client: The connection.
        url: Its URL, for messages.
    """

    def __init__(self, client: SyncPrefectClient, url: str) -> None:
        super().__init__(client)
        self._url = url

    # -- deployments --------------------------------------------------------------------------

    def deployments(self, flow: str | None = None) -> list[Known]:
        """List the deployments that were made of Metaflow flows.

        Args:
            flow: The flow; `None` for those of all flows.
        """
        chosen = None if flow is None else FlowFilter(name=FlowFilterName(any_=[flow]))
        found: list[DeploymentResponse] = []
        while page := self._client.read_deployments(
            flow_filter=chosen, limit=PAGE, offset=len(found)
        ):
            found += page
        return [known for one in found if (known := self._known(one)) is not None]

    def deployment(self, full: str) -> Known:
        """Return a deployment by its full name.

        Args:
            full: The names of flow and deployment, with `/` between.

        Raises:
            OperationProblem: The server has none of that name, or it is none of ours.
        """
        try:
            found = self._known(self._client.read_deployment_by_name(full))
        except ObjectNotFound as error:
            raise self._missing(full) from error
        if found is None:
            raise self._unknown(full)
        return found

    def _missing(self, full: str) -> OperationProblem:
        return OperationProblem(
            f"The server {self._url} has no deployment {full} of a Metaflow flow.",
            "Make it by `prefect create`; `prefect list-deployments` lists those there are.",
        )

    def _unknown(self, full: str) -> OperationProblem:
        """Say that a deployment is not ours, as one that `prefect deploy` has made."""
        return OperationProblem(
            f"The deployment {full} on the server {self._url} was made by something else than "
            "`prefect create` or `mfp deploy`, which note what these commands need.",
            f"Deploy it by one of them, or use Prefect's own: prefect deployment run '{full}'.",
        )

    def find(self, identifier: str) -> Known:
        """Return a deployment by whichever of its names it is called.

        Args:
            identifier: `flow/name`; or the name by which Metaflow's `Deployer` knows it, as
                `project.branch.Flow`, the flow's name, or the name that it was given.

        Raises:
            OperationProblem: There is none of that name, or there are several.
        """
        if "/" in identifier:
            return self.deployment(identifier)
        all_ = self.deployments()
        found = [one for one in all_ if one.known_as == identifier]
        found = found or [one for one in all_ if identifier in (one.name, one.flow)]
        if len(found) == 1:
            return found[0]
        if not found:
            chosen = FlowFilter(name=FlowFilterName(any_=[identifier]))
            for one in self._client.read_deployments(flow_filter=chosen, limit=1):
                raise self._unknown(f"{identifier}/{one.name}")
            raise OperationProblem(
                f"No deployed flow found for: {identifier} (on the server {self._url}).",
                "`prefect list-deployments --all` lists those there are.",
            )
        names = ", ".join(sorted(one.full_name for one in found))
        raise OperationProblem(f"{identifier} may be any of {names}.", "Give the whole name.")

    def _known(self, found: DeploymentResponse) -> Known | None:
        record = Record.of(found.job_variables)
        if record is None:
            return None
        environment = found.job_variables["env"]
        token = environment.get(TOKEN_VARIABLE)
        return Known(
            id=found.id,
            flow=record.flow,
            name=found.name,
            record=record,
            production=Production(token=token, owner=environment.get(OWNER_VARIABLE))
            if token
            else None,
            parameters=found.parameters,
            schema=found.parameter_openapi_schema or {},
            environment=environment,
        )

    def delete(self, deployment: Known) -> None:
        """Delete a deployment, its schedules, and the automations that start it or tell of it.

        Runs under way go on.

        Args:
            deployment: The deployment.
        """
        delete_automations(self._client, deployment.id, deployment.full_name)
        with tolerated(404):
            self._client.delete_deployment(deployment.id)

    # -- runs ---------------------------------------------------------------------------------

    def trigger(
        self,
        deployment: Known,
        parameters: Mapping[str, Any],
        environment: Mapping[str, str] | None = None,
    ) -> FlowRun:
        """Start a run of a deployment, by whichever worker takes it.

        Args:
            deployment: The deployment.
            parameters: Its parameters, by their names in Prefect.
            environment: Variables of this run's environment beside the deployment's.

        Raises:
            OperationProblem: A parameter is missing or not one of the flow's, or its value is
                not of its type; or the deployment is gone.
        """
        self._check_parameters(deployment, parameters)
        try:
            return self._client.create_flow_run_from_deployment(
                deployment.id,
                parameters=dict(parameters),
                job_variables={"env": dict(environment)} if environment else None,
                # So that the client may ask again where the answer was lost.
                idempotency_key=str(uuid4()),
            )
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status == httpx.codes.NOT_FOUND:  # somebody has deleted it since it was found
                raise self._missing(deployment.full_name) from error
            if status not in (409, 422):
                raise
            raise OperationProblem(
                f"The parameters of {deployment.full_name} are wrong: {detail(error.response)}.",
                "Correct them.",
            ) from error

    def _check_parameters(self, deployment: Known, parameters: Mapping[str, Any]) -> None:
        known: Mapping[str, Any] = deployment.schema.get("properties") or {}
        metaflow = {there: here for here, there in deployment.record.renamed.items()}
        unknown = [name for name in parameters if name not in known]
        if unknown:
            names = ", ".join(metaflow.get(name, name) for name in known) or "none"
            raise OperationProblem(
                f"{deployment.flow} has no parameter {', '.join(unknown)}; those it has: {names}.",
                "Correct the name.",
            )
        if wrong := [name for name, value in parameters.items() if not is_unicode(value)]:
            names = ", ".join(metaflow.get(name, name) for name in wrong)
            raise OperationProblem(
                f"The value of {names} is not UTF-8; Prefect keeps no other text.", "Correct it."
            )
        given = {*parameters, *deployment.parameters}
        if missing := [n for n in deployment.schema.get("required") or () if n not in given]:
            names = ", ".join(metaflow.get(name, name) for name in missing)
            raise OperationProblem(
                f"A run of {deployment.full_name} needs a value for {names}.", "Give it."
            )

    def resume(self, origin: FlowRun, deployment: Known, step: str | None) -> FlowRun:
        """Start a run that takes over what succeeded in an earlier one, and runs the rest.

        Args:
            origin: The earlier run.
            deployment: Its deployment.
            step: The step to run again in any case; `None` for the one that failed.

        Raises:
            OperationProblem: The earlier run is still running.
        """
        if status_of(origin) not in ENDED:
            raise OperationProblem(
                f"The run {run_id_of(origin)} is still running.",
                "Wait for its end, or terminate it.",
            )
        value = run_id_of(origin) + (f"/{step}" if step else "")
        return self.trigger(deployment, origin.parameters, {RESUME_VARIABLE: value})

    def runs(self, deployment: Known, limit: int) -> list[FlowRun]:
        """List the runs of a deployment, the latest first, without those that are still to be due.

        Args:
            deployment: The deployment.
            limit: How many at most.
        """
        return list(islice(self._runs(deployment), limit))

    def _runs(self, deployment: Known) -> Iterator[FlowRun]:
        chosen = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment.id]))
        offset = 0
        while page := self._client.read_flow_runs(
            flow_run_filter=chosen,
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=PAGE,
            offset=offset,
        ):
            yield from (run for run in page if not _is_planned(run))
            offset += len(page)

    def latest_run(self, deployment: Known) -> FlowRun:
        """Return the latest run of a deployment.

        Args:
            deployment: The deployment.

        Raises:
            OperationProblem: It has none.
        """
        for run in self.runs(deployment, 1):
            return run
        raise OperationProblem(f"{deployment.full_name} has no runs.", "Trigger one first.")

    def run(self, run_id: str) -> FlowRun:
        """Return a run by the id of its Metaflow run.

        Args:
            run_id: The id.

        Raises:
            OperationProblem: It is no id of ours, or the server has no such run.
        """
        try:
            id_ = UUID(run_id.removeprefix(RUN_PREFIX))
        except ValueError:
            id_ = None
        if id_ is None or not run_id.startswith(RUN_PREFIX):
            raise OperationProblem(
                f"{run_id} is not the id of a run on Prefect: that is {RUN_PREFIX!r} and a UUID.",
                "`prefect list-runs` lists them.",
            )
        try:
            return self._client.read_flow_run(id_)
        except ObjectNotFound as error:
            raise OperationProblem(
                f"Could not find the run {run_id} on the server {self._url}.",
                "`prefect list-runs` lists those there are.",
            ) from error

    def deployment_of(self, run: FlowRun) -> Known:
        """Return the deployment whose run this is.

        Args:
            run: The run.

        Raises:
            OperationProblem: It is of none, or of none of a Metaflow flow.
        """
        found = None
        if run.deployment_id is not None:
            try:
                found = self._known(self._client.read_deployment(run.deployment_id))
            except ObjectNotFound:
                found = None
        if found is None:
            raise OperationProblem(
                f"The run {run_id_of(run)} belongs to no deployment of a Metaflow flow that is on "
                f"the server {self._url}.",
                "Look at it in Prefect's pages.",
            )
        return found


def _is_planned(run: FlowRun) -> bool:
    """Return whether a schedule will start a run: Prefect makes these days ahead."""
    return run.auto_scheduled and run.state is not None and run.state.name == "Scheduled"
