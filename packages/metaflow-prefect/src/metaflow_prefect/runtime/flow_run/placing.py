"""Where attempts of tasks run: in this process's host, or on workers of Dask.

Placing is the only thing that is given away: which task comes next, its retries and
its states stay here.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from .dask_places import DaskPlaces
from .host_client import Host
from .log_records import AnyLogger
from .logs import StepLog
from .scheduler import RunProblem
from .tracebacks import StepError

DASK = "dask"
MISSING = "--task-runner dask needs prefect-dask: pip install prefect-dask"
RUNNER_VARIABLE = "METAFLOW_PREFECT_TASK_RUNNER"
SHARED_VARIABLE = "METAFLOW_PREFECT_SHARED_FOLDER"
UNKNOWN_RUNNER = (
    "The task runner {!r} is not known. Give dask, or dask:ADDRESS of a scheduler."
)
NO_DASK = "No scheduler of Dask answers at {}: {}. Correct the address, or start it."
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
    "ThreadPoolTaskRunner or DaskTaskRunner."
)


class PlacingProblem(RunProblem):
    """Steps cannot run where they should; the message says what to do."""


@dataclass(frozen=True)
class PlacedLog:
    """What an attempt said elsewhere that failed, where its lines were logged.

    Args:
        error: The exception whose traceback it has printed last.
        last_words: The last line on standard error that says anything.
        last_lines: The last lines on standard error, without the traceback.
    """

    error: StepError | None = None
    last_words: str = ""
    last_lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, reply: dict[str, Any]) -> PlacedLog | None:
        """Take it from the answer of a worker; there is none of this process's host."""
        said = reply.pop("said", None)
        if said is None:
            return None
        error = said["error"] and StepError(**said["error"])
        return cls(error, said["last_words"], tuple(said["last_lines"]))

    def end(self, error: StepError | None, trace: str) -> None:
        """Log nothing: that is done."""


class Places(Protocol):
    """Where attempts run."""

    def attempt(
        self, request: dict[str, Any], log: StepLog, logger: AnyLogger
    ) -> dict[str, Any]:
        """Run an attempt of a task and return how it ended.

        Args:
            request: Which task, which attempt, and from which inputs.
            log: Takes what the task writes.
            logger: The logger of its task run.
        """
        ...

    def stop(self, number: int | None, grace: float) -> None:
        """Have all that runs elsewhere stopped."""
        ...

    def close(self) -> None:
        """Let go of what is needed no longer."""
        ...


class HerePlaces:
    """All attempts run in the host of this process."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def attempt(
        self, request: dict[str, Any], log: StepLog, _logger: AnyLogger
    ) -> dict[str, Any]:
        """Run an attempt of a task and return how it ended."""
        return self._host.attempt(request, log.write)

    def stop(self, number: int | None, grace: float) -> None:
        """Have nothing stopped: the host does that."""

    def close(self) -> None:
        """Let go of nothing."""


def places_of(
    runner: Any, host: Host, job: Callable[[], dict[str, Any]], *, is_new: bool
) -> Places:
    """Return where a run's attempts run.

    Args:
        runner: The task runner of the flow run.
        host: The host of this process.
        job: Makes what a worker has to know of the run.
        is_new: Whether no task of this run can have finished yet.

    Raises:
        PlacingProblem: The runner is none that can run them.
    """
    kind = type(runner).__name__
    if kind == "DaskTaskRunner":
        return DaskPlaces(runner.client, host, job(), is_new=is_new)
    if kind not in ("ThreadPoolTaskRunner", "ConcurrentTaskRunner"):
        raise PlacingProblem(NOT_OBEYED.format(kind))
    return HerePlaces(host)


@dataclass(frozen=True)
class Placing:
    """Where the steps of a run are to run, as the user has said it.

    Args:
        runner: "dask", or "dask:" and the address of its scheduler; nothing for here.
        shared: Whether folders of this machine are the same on all that run steps.
    """

    runner: str = ""
    shared: bool = False

    @classmethod
    def chosen(cls, runner: str | None = None, *, shared: bool = False) -> Placing:
        """Take what was said on the command line, or else in the environment."""
        said = os.environ.get(SHARED_VARIABLE, "").strip().lower()
        return cls(
            runner or os.environ.get(RUNNER_VARIABLE, "").strip(),
            shared or said in ("1", "true", "yes"),
        )

    @property
    def _address(self) -> str:
        return self.runner.partition(":")[2]

    @property
    def has_folders(self) -> bool:
        """Whether workers have the folders of this process: also if all are here."""
        return self.shared or not self._address

    def or_of(self, runner: Any) -> Placing:
        """Return this, or what the flow's own task runner says if this says nothing."""
        address = getattr(runner, "address", None)
        return replace(self, runner=f"{DASK}:{address}") if address else self

    def check_runner(self) -> None:
        """Refuse a runner that is not known or not installed.

        Raises:
            PlacingProblem: It is; the message says what to do.
        """
        if not self.runner:
            return
        if self.runner.partition(":")[0] != DASK:
            raise PlacingProblem(UNKNOWN_RUNNER.format(self.runner))
        if importlib.util.find_spec("prefect_dask") is None:
            raise PlacingProblem(MISSING)

    def check_reached(self, loaded: Mapping[str, Any]) -> None:
        """Refuse workers that cannot reach what the run needs and keeps.

        Args:
            loaded: What the host says about the loaded flow.

        Raises:
            PlacingProblem: They cannot; the message says what to do.
        """
        local = [name for name in REMEDIES if loaded[name] == "local"]
        if local and not self.has_folders:
            wanted = " and ".join(REMEDIES[name] for name in local)
            folder = loaded["root"] if "datastore" in local else Path.cwd()
            text = NOT_REACHED.format(self.runner, " and ".join(local), wanted, folder)
            raise PlacingProblem(text)

    def entered(self, context: Any, stack: ExitStack) -> Any:
        """Return the task runner of a flow run, entered.

        Args:
            context: The context of the flow run, which has the flow's own one.
            stack: Leaves it again.
        """
        if not self.runner:
            return context.task_runner
        prefect_dask: Any = importlib.import_module("prefect_dask")
        # Dask logs each connection.
        logging.getLogger("distributed").setLevel(logging.WARNING)
        # What a worker does is to wait for steps, which are processes of their own.
        here: Any = {"cluster_kwargs": {"dashboard_address": None}}
        settings = {"address": self._address} if self._address else here
        runner = stack.enter_context(prefect_dask.DaskTaskRunner(**settings))
        try:
            assert runner.client  # which connects
        except (OSError, ValueError) as error:  # a time limit is an OSError, too
            raise PlacingProblem(NO_DASK.format(self._address, error)) from error
        return runner


def most_workers(runner: Any, asked: int) -> int:
    """Return how many tasks may run at a time; a runner of threads has a limit."""
    return min(asked, getattr(runner, "_max_workers", asked))
