"""The task runner that runs a flow's steps: threads of this process, Dask or Ray."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .scheduler import RunProblem
from .worker_engines import DaskEngine, RayEngine, WorkerEngine

RUNNER_VARIABLE = "METAFLOW_PREFECT_TASK_RUNNER"
SHARED_VARIABLE = "METAFLOW_PREFECT_SHARED_FOLDER"
RUNNERS = {"dask": "DaskTaskRunner", "ray": "RayTaskRunner"}
ENGINES: dict[str, type[DaskEngine | RayEngine]] = {
    "DaskTaskRunner": DaskEngine,
    "RayTaskRunner": RayEngine,
}
THREADS = ("ThreadPoolTaskRunner", "ConcurrentTaskRunner")
# Of a cluster on this machine, for a try, unless the user says otherwise. Without an
# address Ray takes a cluster that somebody else has started here, if there is one.
QUIET: dict[str, dict[str, Any]] = {
    "dask": {
        "cluster_kwargs": {
            "dashboard_address": None,
            # else its web server warns where port 8787 is taken
            "scheduler_kwargs": {"dashboard_address": "127.0.0.1:0"},
        }
    },
    "ray": {
        "init_kwargs": {
            "address": "local",
            "include_dashboard": False,
            "log_to_driver": False,
        }
    },
}
MISSING = "--task-runner {0} needs prefect-{0}: pip install prefect-{0}"
UNKNOWN_RUNNER = (
    "The task runner {!r} is not known. Give dask or ray, or dask:ADDRESS or "
    "ray:ADDRESS of a cluster."
)
WRONG_SETTINGS = "{} does not take the settings {}: {}. Correct them."
NO_CLUSTER = "No cluster of {} answers at {}: {}. Correct the address, or start it."
NOT_STARTED = (
    "A cluster of {} cannot be started here: {}. Mend that, or give the address of one "
    "after --task-runner."
)
REMEDIES = {
    "datastore": "METAFLOW_DEFAULT_DATASTORE, such as to s3",
    "metadata": "METAFLOW_DEFAULT_METADATA to service",
}
NOT_REACHED = (
    "The workers of {} cannot reach Metaflow's {} on this machine. Set {}; or add "
    "--shared-folder, if {} is the same on all of them."
)
NOT_OBEYED = (
    "The task runner {} of the flow cannot run Metaflow's steps. Use "
    "ThreadPoolTaskRunner, DaskTaskRunner or RayTaskRunner."
)


class PlacingProblem(RunProblem):
    """Steps cannot run where they should; the message says what to do."""


@dataclass(frozen=True)
class RunnerChoice:
    """Where the steps of a run are to run, as the user has said it.

    Args:
        text: "dask" or "ray"; after a colon the address of a cluster, or what Prefect's
            task runner takes, as JSON. Nothing for what the flow itself has.
        shared: Whether folders of this machine are the same on all that run steps.
    """

    text: str = ""
    shared: bool = False

    @classmethod
    def chosen(
        cls, text: str | None, shared: bool, kept: Mapping[str, Any]
    ) -> RunnerChoice:
        """Take what was said on the command line, or else elsewhere.

        Args:
            text: What the command line says of the task runner.
            shared: What it says of folders.
            kept: What the run's deployment says.
        """
        said = os.environ.get(SHARED_VARIABLE, "").strip().lower()
        text = text or os.environ.get(RUNNER_VARIABLE, "").strip()
        return cls(
            text or kept.get("task_runner") or "",
            shared or said in ("1", "true", "yes") or bool(kept.get("shared_folder")),
        )

    @cached_property
    def _name(self) -> str:
        name = self.text.partition(":")[0]
        if name not in RUNNERS:
            raise PlacingProblem(UNKNOWN_RUNNER.format(self.text))
        return name

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What Prefect's task runner is made with.

        Raises:
            PlacingProblem: The runner or its settings are not known.
        """
        name, rest = self._name, self.text.partition(":")[2]
        if not rest.startswith("{"):
            return {"address": rest} if rest else QUIET[name]
        try:
            return dict(json.loads(rest))
        except ValueError as error:
            problem = WRONG_SETTINGS.format(RUNNERS[name], rest, error)
            raise PlacingProblem(problem) from error

    @cached_property
    def runner(self) -> Any:
        """Prefect's task runner, not yet begun; `None` if none was chosen.

        Raises:
            PlacingProblem: It is not known or not installed.
        """
        if not self.text:
            return None
        module, settings = f"prefect_{self._name}", self.settings
        if importlib.util.find_spec(module) is None:
            raise PlacingProblem(MISSING.format(self._name))
        kind = RUNNERS[self._name]
        try:
            return getattr(importlib.import_module(module), kind)(**settings)
        except (TypeError, ValueError) as error:
            problem = WRONG_SETTINGS.format(kind, json.dumps(settings), error)
            raise PlacingProblem(problem) from error

    def check_runner(self) -> None:
        """Refuse a task runner that is not known or not installed.

        Raises:
            PlacingProblem: It is; the message says what to do.
        """
        _ = self.runner

    def check_loaded(self, loaded: Mapping[str, Any]) -> None:
        """Refuse what cannot run a loaded flow, before anything has begun.

        Args:
            loaded: Which datastore and metadata it has, and where.

        Raises:
            PlacingProblem: The runner cannot be; the message says what to do.
        """
        if not self.text:
            return
        elsewhere = ("address", "cluster_class")
        if any(self.settings.get(name) for name in elsewhere):
            self._check_reached(loaded, self.text)

    def has_folders(self, engine: WorkerEngine | None) -> bool:
        """Return whether workers have this process's folders, also as all are here.

        Args:
            engine: What reaches them.
        """
        return self.shared or engine is None or engine.is_here

    def _check_reached(self, loaded: Mapping[str, Any], name: str) -> None:
        local = [name for name in REMEDIES if loaded[name] == "local"]
        if local and not self.shared:
            wanted = " and ".join(REMEDIES[name] for name in local)
            folder = loaded["root"] if "datastore" in local else Path.cwd()
            told = NOT_REACHED.format(name, " and ".join(local), wanted, folder)
            raise PlacingProblem(told)

    def engine(
        self, loaded: Mapping[str, Any], flows: Any, stack: ExitStack
    ) -> WorkerEngine | None:
        """Reach the workers that run a flow run's steps.

        Args:
            loaded: What the host says about the loaded flow.
            flows: The flow's own task runner, which Prefect has begun.
            stack: Ends the one that was chosen instead.

        Returns:
            What reaches them; `None` if threads of this process run the steps.

        Raises:
            PlacingProblem: There are none, or the task runner cannot be obeyed.
        """
        runner = self.runner or flows
        kind = type(runner).__name__
        if kind in THREADS:
            return None
        if kind not in ENGINES:
            raise PlacingProblem(NOT_OBEYED.format(kind))
        try:
            if self.runner is not None:
                stack.enter_context(runner)
            engine = ENGINES[kind](runner)
        except Exception as error:  # of Dask or Ray, whatever it is
            name = kind.removesuffix("TaskRunner")
            cause = str(error).partition("\n")[0].rstrip(".:")
            told = NO_CLUSTER.format(name, runner.address, cause)
            if not runner.address:
                told = NOT_STARTED.format(name, cause)
            raise PlacingProblem(told) from error
        if not engine.is_here:
            self._check_reached(loaded, self.text or kind)
        return engine

    def most_workers(self, flows: Any, asked: int) -> int:
        """Return how many tasks may run at a time; a runner of threads has a limit.

        Args:
            flows: The flow's own task runner.
            asked: How many the command line allows.
        """
        runner = self.runner or flows
        return min(asked, getattr(runner, "_max_workers", asked))
