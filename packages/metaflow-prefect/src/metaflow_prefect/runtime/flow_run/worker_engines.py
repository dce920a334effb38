"""Dask and Ray, as far as a run needs them.

Each calls a function on a worker that has what a step asks for, and keeps two values
that all workers can read: what they have to know of the run, which is much and is read
once by each, and a sign of how the run is.
"""

from __future__ import annotations

import importlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from socket import gethostname
from typing import Any, Protocol

Answer = dict[str, Any]  # how an attempt ended
SIGN_LIMIT = 5  # seconds in which a sign must be read
# Runs on a worker: loads the generated file's runtime, once, from its text.
ON_WORKER = """
def attempts_on_worker(run, requests, call):
    tell = teller(run["id"], call)

    def values():
        return shared_values(run["id"], run["sign_limit"])

    try:
        placed = runtime_module(run["module"], values)
    except ImportError as error:
        return [{"missing": str(error)}]
    return placed.attempts_here(run["id"], requests, values, tell)


def runtime_module(name, values):
    import importlib, os, sys, tempfile

    if name.startswith("metaflow_prefect."):
        return importlib.import_module(name)
    generated = name + "_file"  # loads the runtime, which it holds
    if name not in sys.modules and generated not in sys.modules:
        job, _ = values()
        with tempfile.TemporaryDirectory(prefix="metaflow-prefect-") as folder:
            path = os.path.join(folder, generated + ".py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(job()["text"])
            sys.path.append(folder)
            try:
                importlib.import_module(generated)
            finally:
                sys.path.remove(folder)
    if generated in sys.modules:
        importlib.import_module(generated)  # waits for another thread's import
    # The file may have been made again since this run began.
    return sys.modules.get(name) or importlib.import_module(generated).runtime
"""
DASK_VALUES = """
def shared_values(name, limit):
    from distributed import Variable, get_client

    client = get_client()
    job = Variable(name + " job", client=client)
    sign = Variable(name, client=client)
    return lambda: job.get(timeout=60), lambda: sign.get(timeout=limit)


def teller(name, call):
    from distributed import get_worker

    worker = get_worker()
    return lambda answers: worker.log_event(name, [call, answers])
"""
RAY_VALUES = """
def shared_values(name, limit):
    import ray

    def call(what):
        return getattr(ray.get_actor(name), what).remote()

    return (
        lambda: ray.get(call("read_job"), timeout=60),
        lambda: ray.get(call("read_sign"), timeout=limit),
    )


def teller(name, call):
    return None  # no calls are shared


class SharedValues:
    def __init__(self, job):
        self.job, self.sign = job, 0

    def read_job(self):
        return self.job

    def read_sign(self):
        return self.sign

    def tell(self, sign):
        self.sign = sign
"""
# Defaults, which a user's own configuration of Dask replaces. Of the latest messages it
# keeps a thousand, which for tasks take 8 MB.
FEW_MESSAGES = {"distributed": {"admin": {"low-level-log-length": 100}}}
# Dask looks many times a second at what the workers of a cluster that is made here do,
# and at their memory, which takes as much time as giving them tasks. All that they do
# is to wait for processes of their own.
QUIET_WORKERS = {
    "distributed": {
        "worker": {
            "profile": {"enabled": False},
            "memory": dict.fromkeys(("target", "spill", "pause", "terminate"), False),
        },
        "admin": {
            "tick": {"interval": "1s", "cycle": "10s"},
            "system-monitor": {"interval": "10s"},
        },
    }
}
RAY_OPTIONS = {"cpu": "num_cpus", "gpu": "num_gpus", "memory": "memory"}


def made_on_worker(text: str) -> dict[str, Any]:
    """Make functions where they have no module, so that they are sent by content."""
    made: dict[str, Any] = {"__name__": "__main__"}
    exec(text, made)  # noqa: S102 - our own text
    return made


@dataclass(frozen=True)
class Sent:
    """A call that was sent to a worker.

    Args:
        result: Waits for the answers of its first attempts, or raises what has kept it
            from them, as when the worker was lost.
        when_done: Has a function called when `result` need not wait; or at once, where
            calls are not shared.
    """

    result: Callable[[], list[Answer]]
    when_done: Callable[[Callable[[], None]], None]


class WorkerEngine(Protocol):
    """What runs attempts on workers, and keeps what they have to know."""

    name: str  # as users know it
    is_here: bool  # whether all of it is on this machine, at no address

    def begin(self, run: dict[str, Any], job: dict[str, Any]) -> None:
        """Keep a run's values.

        Args:
            run: What goes with each call: its id, by which workers find the values, the
                module of its runtime, and the limit for reading its sign.
            job: What a worker has to know of it.
        """
        ...

    def tell(self, sign: Any) -> None:
        """Replace the sign of how the run is."""
        ...

    def send(
        self, name: str, requests: Sequence[dict[str, Any]], asked: Mapping[str, float]
    ) -> Sent:
        """Run attempts on a worker, one after another.

        Args:
            name: A name for the call.
            requests: Which tasks and attempts.
            asked: Resources, by names of `capacities`.
        """
        ...

    def listen(self, tell: Callable[[str, Sequence[Answer]], None]) -> None:
        """Have the first answers of a call told if the others take long.

        Args:
            tell: Takes the name of the call, and the answers.
        """
        ...

    def slots(self, asked: Mapping[str, float]) -> int:
        """Return how many calls can run at a time; 0 if they are not to be shared."""
        ...

    def capacities(self) -> list[dict[str, float]]:
        """Return what each worker has, by lower-case names; memory in bytes."""
        ...

    def end(self) -> None:
        """Let go of the values that are needed no longer."""
        ...


class DaskEngine:
    """Workers of Dask; its scheduler keeps the values, whatever becomes of workers.

    Args:
        runner: Prefect's task runner.
    """

    name = "Dask"

    def __init__(self, runner: Any) -> None:
        # Dask tells of each connection.
        logging.getLogger("distributed").setLevel(logging.WARNING)
        config: Any = importlib.import_module("dask.config")
        config.update_defaults(FEW_MESSAGES)
        if not runner.address:
            config.update_defaults(QUIET_WORKERS)
        self._client = runner.client  # which connects
        cluster = type(self._client.cluster).__name__
        self.is_here = not runner.address and cluster == "LocalCluster"
        self._names: dict[str, str] = {}

    def begin(self, run: dict[str, Any], job: dict[str, Any]) -> None:
        """Keep a run's values."""
        # by name: a reader's strict mypy sees that Dask's functions have no types
        distributed: Any = importlib.import_module("distributed")
        self._run, run_id = run, run["id"]
        self._function = made_on_worker(DASK_VALUES + ON_WORKER)["attempts_on_worker"]
        self._job = distributed.Variable(f"{run_id} job", client=self._client)
        self._job.set(job)
        self._sign = distributed.Variable(run_id, client=self._client)
        self._sign.set(0)

    def tell(self, sign: Any) -> None:
        """Replace the sign of how the run is."""
        self._sign.set(sign)

    def send(
        self, name: str, requests: Sequence[dict[str, Any]], asked: Mapping[str, float]
    ) -> Sent:
        """Run attempts on a worker, one after another."""
        wanted = {self._names[name]: amount for name, amount in asked.items()}
        settings = {"pure": False, "retries": 0, "resources": wanted or None}
        words = self._run, requests, name
        future = self._client.submit(self._function, *words, **settings)
        return Sent(
            lambda: list(future.result()),
            lambda tell: future.add_done_callback(lambda _: tell()),
        )

    def listen(self, tell: Callable[[str, Sequence[Answer]], None]) -> None:
        """Have the first answers of a call told if the others take long."""
        self._client.subscribe_topic(self._run["id"], lambda event: tell(*event[1]))

    def slots(self, asked: Mapping[str, float]) -> int:
        """Return how many calls can run at a time."""
        found = 0
        for worker in self._workers():
            has = worker["resources"]
            fitting = (has.get(self._names[n], 0) // asked[n] for n in asked)
            found += int(min(worker["nthreads"], *fitting, math.inf))
        return found

    def _workers(self) -> list[dict[str, Any]]:
        return list(self._client.scheduler_info(n_workers=-1)["workers"].values())

    def capacities(self) -> list[dict[str, float]]:
        """Return what each worker has; only what it was started with is known."""
        found = [worker["resources"] for worker in self._workers()]
        self._names |= {name.lower(): name for one in found for name in one}
        return [{name.lower(): one[name] for name in one} for one in found]

    def end(self) -> None:
        """Let go of what workers had to know; the sign says that the run is over."""
        with suppress(OSError, RuntimeError):  # the cluster is gone, and all with it
            self._job.delete()


class RayEngine:
    """Workers of Ray; an actor that ends with this process keeps the values.

    Args:
        runner: Prefect's task runner, which has connected this process.
    """

    name = "Ray"

    def __init__(self, runner: Any) -> None:
        self._ray: Any = importlib.import_module("ray")
        hosts = {node["NodeManagerHostname"] for node in self._nodes()}
        self.is_here = not runner.address and hosts == {gethostname()}

    def begin(self, run: dict[str, Any], job: dict[str, Any]) -> None:
        """Keep a run's values."""
        self._run = run
        made = made_on_worker(RAY_VALUES + ON_WORKER)
        self._function = self._ray.remote(made["attempts_on_worker"])
        values = self._ray.remote(made["SharedValues"])
        self._values = values.options(name=run["id"], num_cpus=0).remote(job)

    def tell(self, sign: Any) -> None:
        """Replace the sign of how the run is."""
        self._ray.get(self._values.tell.remote(sign), timeout=SIGN_LIMIT)

    def send(
        self, name: str, requests: Sequence[dict[str, Any]], asked: Mapping[str, float]
    ) -> Sent:
        """Run attempts on a worker, one after another."""
        wanted = {RAY_OPTIONS[n]: asked[n] for n in asked if n in RAY_OPTIONS}
        call = self._function.options(max_retries=0, **wanted)
        reference = call.remote(self._run, requests, name)
        return Sent(lambda: list(self._ray.get(reference)), lambda tell: tell())

    def listen(self, tell: Callable[[str, Sequence[Answer]], None]) -> None:
        """Have nothing told: no calls are shared."""

    def slots(self, _asked: Mapping[str, float]) -> int:
        """Return that calls are not to be shared."""
        return 0

    def capacities(self) -> list[dict[str, float]]:
        """Return what each node has."""
        nodes = (node["Resources"] for node in self._nodes())
        return [{name.lower(): node[name] for name in node} for node in nodes]

    def _nodes(self) -> list[dict[str, Any]]:
        return [node for node in self._ray.nodes() if node["Alive"]]

    def end(self) -> None:
        """Let go of nothing: the actor ends with this process."""
