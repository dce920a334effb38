"""Where attempts of tasks run: in this process's host, or on workers of Dask.

Placing is the only thing that is given away: which task comes next, its retries and
its states stay here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from prefect import get_client
from prefect.settings import PREFECT_API_KEY

from ..facts import RUN_PREFIX, MetaflowFlow
from .host_client import Host
from .log_records import AnyLogger
from .logs import StepLog
from .naming import flow_run_page
from .placed import BEAT, NOTHING_SAID, attempt_here
from .tracebacks import StepError

DASK = "dask"
MISSING = "--task-runner dask needs prefect-dask: pip install prefect-dask"
WORKER_LOST = "the worker that ran it was lost"
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
# Folders of this machine, in the environment.
OWN_FOLDERS = (
    "METAFLOW_HOME",
    "METAFLOW_DATASTORE_SYSROOT_LOCAL",
    "METAFLOW_CLIENT_CACHE_PATH",
)
NOT_OBEYED = (
    "The task runner {} of the flow cannot run Metaflow's steps. Use "
    "ThreadPoolTaskRunner or DaskTaskRunner."
)
KEPT_OPTIONS = ("--tag=", "--with=", "--max-log-size=")
# Run on a worker: loads the generated file's runtime, once, from its text.
BOOT = """
def attempt_on_worker(job, request):
    import importlib, os, sys, tempfile
    from distributed import Variable, get_client

    def text():
        return Variable(job["run_id"] + " text", client=get_client()).get(timeout=60)

    if job["module"].startswith("metaflow_prefect."):
        name = job["module"]
    else:
        name = "metaflow_prefect_" + job["digest"]
        if name not in sys.modules:
            folder = tempfile.mkdtemp(prefix="metaflow-prefect-")
            with open(os.path.join(folder, name + ".py"), "w", encoding="utf-8") as f:
                f.write(text())
            sys.path.append(folder)
    placed = importlib.import_module(name)
    variable = Variable(job["run_id"], client=get_client())

    def pulse():
        try:
            return variable.get(timeout=5)
        except Exception:
            return None

    return placed.attempt_here({**job, "text": text}, request, pulse)
"""


class PlacingProblem(Exception):
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


class DaskPlaces:
    """Attempts run on the workers of Dask, each of which opens a host of its own.

    Args:
        client: Dask's client.
        host: The host of this process, which made the run.
        job: What a worker has to know of the run.
        is_new: Whether no task of this run can have finished yet.
    """

    def __init__(
        self, client: Any, host: Host, job: dict[str, Any], *, is_new: bool
    ) -> None:
        # by name: a reader's strict mypy sees that Dask's functions have no types
        distributed: Any = importlib.import_module("distributed")
        loaded = host.loaded or {}
        self._here: Sequence[str] = loaded["here"]
        self._resources: Mapping[str, Mapping[str, float]] = loaded["resources"]
        self._client, self._host = client, host
        self._is_new = is_new
        text = Path(job.pop("file")).read_text(encoding="utf-8-sig")
        job["digest"] = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._job = job
        # Kept by the scheduler, whatever becomes of its workers, and asked for once.
        self._text = distributed.Variable(f"{job['run_id']} text", client=client)
        self._text.set(text)
        # Made where it has no module, so that Dask sends it by its content.
        made: dict[str, Any] = {"__name__": "__main__"}
        exec(BOOT, made)  # noqa: S102 - our own text
        self._attempt: Callable[..., Any] = made["attempt_on_worker"]
        self._variable = distributed.Variable(job["run_id"], client=client)
        self._variable.set(0)
        self._ended = threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()

    def attempt(
        self, request: dict[str, Any], log: StepLog, logger: AnyLogger
    ) -> dict[str, Any]:
        """Run an attempt of a task and return how it ended."""
        if request["step"] in self._here or "node_path" in request:
            return self._host.attempt(request, log.write)
        offset = 0
        if not self._is_new:
            reply = self._host.attempt({**request, "elsewhere": True}, log.write)
            if reply["state"] != "elsewhere":
                return reply
            offset = reply["offset"]
        extra = getattr(logger, "extra", None) or {}
        placed = {**request, "offset": offset, "log": dict(extra)}
        future = self._client.submit(
            self._attempt,
            self._job,
            placed,
            pure=False,
            retries=0,
            resources=self._wanted(request["step"]),
        )
        try:
            reply = future.result()
        except Exception as error:  # noqa: BLE001 - of Dask, whatever it is
            reason = f"{WORKER_LOST}: {type(error).__name__}: {error}"
            return {
                "state": "failed",
                "code": None,
                "reason": reason,
                "lost": True,
                "said": NOTHING_SAID,
            }
        return dict(reply)

    def _wanted(self, step: str) -> dict[str, float] | None:
        """Return what a step asks for, of that which workers of this cluster have."""
        asked = self._resources.get(step)
        if not asked:
            return None
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        declared = {name for worker in workers for name in worker["resources"]}
        wanted = {name: asked.get(name.lower(), 0.0) for name in declared}
        return {name: value for name, value in wanted.items() if value} or None

    def stop(self, number: int | None, grace: float) -> None:
        """Have all that runs elsewhere stopped."""
        self._ended.set()
        with suppress(OSError, RuntimeError):  # the cluster is gone, and all with it
            self._variable.set({"number": number, "grace": grace})
            self._text.delete()

    def close(self) -> None:
        """Have the workers' hosts end."""
        if not self._ended.is_set():
            self.stop(None, 0.0)

    def _beat(self) -> None:
        count = 0
        while not self._ended.wait(BEAT):
            count += 1
            with suppress(OSError, RuntimeError):
                self._variable.set(count)


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


def job_of(
    facts: MetaflowFlow, host: Host, *, shared: bool, run_id: str, command: str
) -> dict[str, Any]:
    """Return what a worker has to know of a run.

    Args:
        facts: The flow.
        host: The host of this process, which has made the run.
        shared: Whether workers have the folders of this process.
        run_id: The id of the Metaflow run.
        command: The command that shows what Metaflow keeps of the run's output.
    """
    asked, loaded = host.asked, host.loaded or {}
    words = asked["arguments"][len(facts.options) + 1 :]
    options = [word for word in words if word.startswith(KEPT_OPTIONS)]
    namespaces = [word for word in words if word.startswith("--namespace=")]
    resume = ["resume", f"--origin-run-id={run_id}", *options]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("METAFLOW_")
    }
    attach: dict[str, Any] = {
        "namespace": namespaces[-1][12:] if namespaces else None,
        "package": None if shared else host.package(),
    }
    script = str(asked["script"])
    if not shared:
        script = Path(script).name
        for name in OWN_FOLDERS:
            environment.pop(name, None)
    elif loaded["datastore"] == "local":
        root = str(Path(loaded["root"]).resolve().parent)
        environment["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = root
    with get_client(sync_client=True) as client:
        api_url = str(client.api_url)  # also of a temporary server
    return {
        "file": facts.file,
        "module": attempt_here.__module__,
        "folder": str(Path.cwd()) if shared else None,
        "environment": environment,
        "run_id": run_id,
        "flow_run_id": run_id.removeprefix(RUN_PREFIX),
        "command": command,
        "url": flow_run_page(UUID(run_id.removeprefix(RUN_PREFIX))),
        "api_url": api_url,
        "api_key": PREFECT_API_KEY.value(),
        "load": {
            **asked,
            "script": script,
            "arguments": [*facts.options, *resume],
            "configs": {},
            "attach": attach,
        },
    }


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
            told = NOT_REACHED.format(self.runner, " and ".join(local), wanted, folder)
            raise PlacingProblem(told)

    def entered(self, context: Any, stack: ExitStack) -> Any:
        """Return the task runner of a flow run, entered.

        Args:
            context: The context of the flow run, which has the flow's own one.
            stack: Leaves it again.
        """
        if not self.runner:
            return context.task_runner
        prefect_dask: Any = importlib.import_module("prefect_dask")
        # Dask tells of each connection.
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
