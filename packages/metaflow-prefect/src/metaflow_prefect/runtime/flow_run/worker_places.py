"""Attempts on workers of Dask or Ray: what they get, and how they are asked.

The flow's process changes a sign, which all workers see, as long as it lives; a worker
that sees no change for a while ends its host, and so its steps. Dask runs again what
was on a worker that it lost: the mark of the attempt in Metaflow's datastore says that
it has begun before, and it fails.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.settings import PREFECT_API_KEY

from ..facts import RUN_PREFIX, MetaflowFlow
from .host_client import Host
from .log_records import AnyLogger
from .logs import StepLog
from .naming import flow_run_page
from .placed import BEAT, NOTHING_SAID, attempts_here, idle_limit
from .shared_calls import SharedCalls
from .worker_engines import SIGN_LIMIT, WorkerEngine

WORKER_LOST = "the worker that ran it was lost"
UNABLE = "A worker cannot run it: {}. Install that where workers run."
TOO_MUCH = (
    "Step %s asks for %s, and no worker has that much: its tasks wait until one comes."
)
LOOK = 30.0  # seconds for which it is taken as known what workers have
MEGABYTE = 1_000_000  # the unit of memory in `@resources`
# Folders of this machine, in the environment.
OWN_FOLDERS = (
    "METAFLOW_HOME",
    "METAFLOW_DATASTORE_SYSROOT_LOCAL",
    "METAFLOW_CLIENT_CACHE_PATH",
)
KEPT_OPTIONS = ("--tag=", "--with=", "--max-log-size=")


class WorkerPlaces:
    """Attempts run on workers, each of which opens a host of its own.

    Args:
        engine: Reaches the workers.
        host: The host of this process, which made the run.
        job: What a worker has to know of the run.
        is_new: Whether no task of this run can have finished yet.
        workers: How many attempts may run at a time.
    """

    def __init__(
        self,
        engine: WorkerEngine,
        host: Host,
        job: dict[str, Any],
        is_new: bool,
        workers: int,
    ) -> None:
        loaded = host.loaded or {}
        self._here: Sequence[str] = loaded["here"]
        self._engine, self._host = engine, host
        self._is_new = is_new
        text = Path(job.pop("file")).read_text(encoding="utf-8-sig")
        module = attempts_here.__module__
        run = {"id": job["run_id"], "module": module, "sign_limit": SIGN_LIMIT}
        self._wanted = WantedResources(engine, loaded["resources"])
        self._running = 0
        self._idle = threading.Condition()
        engine.begin(run, {**job, "text": text})
        self._calls = SharedCalls(engine, workers)
        self._ended = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._beating.start()

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
        with self._idle:
            self._running += 1
        try:
            asked = self._wanted.of_step(request["step"], logger)
            reply = self._calls.attempt(placed, asked)
        except Exception as error:  # noqa: BLE001 - of Dask or Ray, whatever it is
            cause = f"{type(error).__name__}: {error}".partition("\n")[0]
            reply = _failed_reply(f"{WORKER_LOST}: {cause}", lost=True)
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()
        if missing := reply.get("missing"):
            reply = _failed_reply(UNABLE.format(missing), lost=False)
        if reply.get("lost") and self._ended.is_set():
            reply["stopped"] = True  # the run's end took it along
        return reply

    def spare(self) -> int:
        """Return how many attempts more than may run can begin, as they only wait."""
        return self._calls.spare()

    def waits(self, task_id: str) -> bool:
        """Return whether an attempt of a task has only begun to wait."""
        return self._calls.waits(task_id)

    def stop(self, number: int | None, grace: float) -> None:
        """Have all that runs elsewhere stopped, and wait as long as that may take."""
        self._end({"number": number, "grace": grace})
        with self._idle:
            self._idle.wait_for(lambda: not self._running, timeout=grace + 3 * BEAT)

    def close(self) -> None:
        """Have the workers' hosts end."""
        if not self._ended.is_set():
            self._end({"number": None, "grace": 0.0})
        self._engine.end()

    def _end(self, sign: dict[str, Any]) -> None:
        self._ended.set()
        self._beating.join(BEAT)  # whose sign would replace the last one
        with suppress(OSError, RuntimeError):  # the cluster is gone, and all with it
            self._engine.tell(sign)
        self._calls.end()

    def _beat(self) -> None:
        count = 0
        while not self._ended.wait(BEAT):
            count += 1
            with suppress(OSError, RuntimeError):
                self._engine.tell(count)


def _failed_reply(reason: str, *, lost: bool) -> dict[str, Any]:
    """Return the answer for an attempt whose worker has given none."""
    said = {"lost": lost, "said": NOTHING_SAID}
    return {"state": "failed", "code": None, "reason": reason, **said}


class WantedResources:
    """What steps ask for by `@resources`, of that which workers have at all.

    Args:
        engine: Knows what they have.
        asked: What each step asks for.
    """

    def __init__(
        self, engine: WorkerEngine, asked: Mapping[str, Mapping[str, float]]
    ) -> None:
        self._engine, self._asked = engine, asked
        self._known: list[dict[str, float]] = []
        self._until = 0.0
        self._looking = threading.Lock()
        self._told: set[str] = set()

    def of_step(self, step: str, logger: AnyLogger) -> dict[str, float]:
        """Return what a step asks for; warn once if no worker has it.

        Args:
            step: The step.
            logger: Takes the warning.
        """
        asked = dict(self._asked.get(step) or {})
        if not asked:
            return {}
        if "memory" in asked:
            asked["memory"] *= MEGABYTE
        with self._looking:  # not each task asks the cluster
            if time.monotonic() > self._until:
                self._known = self._engine.capacities()
                self._until = time.monotonic() + LOOK
            known = self._known
        names = {name for worker in known for name in worker}
        wanted = {name: asked[name] for name in asked if asked[name] and name in names}
        if (
            wanted
            and step not in self._told
            and not any(
                all(worker.get(n, 0.0) >= wanted[n] for n in wanted) for worker in known
            )
        ):
            self._told.add(step)
            texts = (f"{name} {amount:.12g}" for name, amount in wanted.items())
            logger.warning(TOO_MUCH, step, " and ".join(texts))
        return wanted


def job_of(
    facts: MetaflowFlow, host: Host, shared: bool, run_id: str, command: str
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
    resume = ["resume", "--origin-run-id", run_id, *options]
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
        "folder": str(Path.cwd()) if shared else None,
        "environment": environment,
        "run_id": run_id,
        "flow_run_id": run_id.removeprefix(RUN_PREFIX),
        "command": command,
        "url": flow_run_page(UUID(run_id.removeprefix(RUN_PREFIX))),
        "api_url": api_url,
        "api_key": PREFECT_API_KEY.value(),
        "idle_limit": idle_limit(),
        "load": {
            **asked,
            "script": script,
            "arguments": [*facts.options, *resume],
            "resumed": True,
            "attach": attach,
        },
    }
