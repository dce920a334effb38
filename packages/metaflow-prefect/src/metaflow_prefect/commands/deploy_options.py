"""How a flow is deployed, as the options of `prefect create` say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from metaflow_prefect.deploy.tokens import TokenChoice
from metaflow_prefect.errors import UsageProblem
from metaflow_prefect.runtime.flow_run.runner_choice import PlacingProblem, RunnerChoice


@dataclass(frozen=True, kw_only=True)
class DeployOptions:
    """How a flow is deployed: what the options of `create` say, by their names.

    Args:
        name: The deployment's name; `None` is the usual one.
        authorize: The production token of what somebody else has deployed.
        given_token: The production token that it is to have.
        generate_new_token: Whether it is to have another one than it has.
        user_namespace: The namespace that the flow's queries see.
        max_workers: How many tasks of a run are running at a time.
        max_num_splits: How many tasks a foreach may have.
        task_runner: Where steps run, as "dask:ADDRESS"; `None` is the process of the run.
        shared_folder: Whether folders are the same on all that run steps.
        workflow_timeout: Seconds after which a run is stopped.
        pull: How workers get the code; `None` is what fits the datastore.
        work_pool: The work pool that its runs go to; `None` is the usual one.
        work_queue: The queue of that pool.
        image: The image that runs are started from.
        job_variables: Job variables, as `NAME=VALUE`.
        concurrency_limit: How many runs run at a time.
        parameters: Parameters, as `NAME=VALUE`.
        scheduled: Whether the schedule is active.
        notify_on_error: Whether somebody is notified when a run fails.
        notify_on_success: Whether somebody is notified when a run is successful.
        notify_slack_webhook_url: The Slack webhook to notify by.
        notify_block: The notification block of Prefect to notify by.
        paused: Whether it starts no runs.
        only_json: Whether to print only what would be deployed.
        deployer_attribute_file: Where Metaflow's `Deployer` reads what has been deployed.
    """

    name: str | None
    authorize: str | None
    given_token: str | None
    generate_new_token: bool
    user_namespace: str | None
    max_workers: int | None
    max_num_splits: int | None
    task_runner: str | None
    shared_folder: bool
    workflow_timeout: int | None
    pull: str | None
    work_pool: str | None
    work_queue: str | None
    image: str | None
    job_variables: tuple[str, ...]
    concurrency_limit: int | None
    parameters: tuple[str, ...]
    scheduled: bool | None
    notify_on_error: bool
    notify_on_success: bool
    notify_slack_webhook_url: str | None
    notify_block: str | None
    paused: bool
    only_json: bool
    deployer_attribute_file: str | None

    @property
    def token(self) -> TokenChoice:
        """What the user says about the production token."""
        return TokenChoice(
            authorize=self.authorize, given=self.given_token, generate=self.generate_new_token
        )

    def run_options(self, tags: tuple[str, ...]) -> list[str]:
        """Return the options of Metaflow's `run` that all runs have.

        Args:
            tags: The tags of the runs.
        """
        chosen = {
            "namespace": self.user_namespace,
            "max-workers": self.max_workers,
            "max-num-splits": self.max_num_splits,
        }
        given = [f"--{name}={value}" for name, value in chosen.items() if value is not None]
        return [f"--tag={tag}" for tag in tags] + given

    def given_parameters(self) -> dict[str, str]:
        """Return the parameters that runs have, as they were written, by their names.

        Raises:
            UsageProblem: One is not written as `NAME=VALUE`.
        """
        return dict(_pair("--parameter", text) for text in self.parameters)

    def pool_variables(self) -> dict[str, Any]:
        """Return the job variables of the work pool, each as JSON where it is that.

        Raises:
            UsageProblem: One is not written as `NAME=VALUE`.
        """
        found = dict(_pair("--job-variable", text) for text in self.job_variables)
        if "env" in found:
            raise UsageProblem(
                "The job variable env holds what the deployment keeps about itself.",
                "Set variables of the environment in Prefect's pages, beside those that are there.",
            )
        variables: dict[str, Any] = {}
        for name, text in found.items():
            try:
                variables[name] = json.loads(text)
            except ValueError:
                variables[name] = text
        return variables | ({"image": self.image} if self.image else {})

    def notify(self) -> dict[str, Any]:
        """Return who is notified when runs end, by the names of `Notices`.

        Raises:
            UsageProblem: It is not said what to notify of, or by what.
        """
        chosen = {"error": self.notify_on_error, "success": self.notify_on_success}
        on = tuple(kind for kind, is_on in chosen.items() if is_on)
        if bool(on) != bool(self.notify_slack_webhook_url or self.notify_block):
            raise UsageProblem(
                "Notifications need both an event and a destination.",
                "Give --notify-on-error or --notify-on-success, and --notify-slack-webhook-url or "
                "--notify-block.",
            )
        return {
            "on": on,
            "block": self.notify_block,
            "slack_url": self.notify_slack_webhook_url,
        }

    def check_runner(self, obj: Any) -> None:
        """Refuse a task runner that its runs could not use, whatever is installed there.

        Args:
            obj: Metaflow's command line state.

        Raises:
            UsageProblem: It is not known, or its workers do not reach Metaflow's data.
        """
        store = obj.flow_datastore
        found = {
            "datastore": store.TYPE,
            "root": store.datastore_root,
            "metadata": obj.metadata.TYPE,
        }
        try:
            RunnerChoice(self.task_runner or "", self.shared_folder).check_loaded(found)
        except PlacingProblem as problem:
            raise UsageProblem(str(problem)) from problem

    def settings(self) -> dict[str, Any]:
        """Return what is Prefect's own business, by the names of its client."""
        chosen = {
            "concurrency_limit": self.concurrency_limit,
            "work_queue_name": self.work_queue,
        }
        return {name: value for name, value in chosen.items() if value is not None}


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageProblem(f"{option} {text!r} is not written as NAME=VALUE.", "Correct it.")
    return name, value
