"""Attempts on the workers of Dask: what they get, and how they are asked.

The flow's process writes to a variable of Dask's scheduler that it lives; a worker that
hears nothing for a while ends its host, and so its steps. The scheduler keeps the text
of the generated file, too. Dask runs again what was on a worker that it lost: the mark
of the attempt in Metaflow's datastore says that it has begun before, and it fails.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
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
from .placed import BEAT, NOTHING_SAID, attempt_here

WORKER_LOST = "the worker that ran it was lost"
# Folders of this machine, in the environment.
OWN_FOLDERS = (
    "METAFLOW_HOME",
    "METAFLOW_DATASTORE_SYSROOT_LOCAL",
    "METAFLOW_CLIENT_CACHE_PATH",
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
