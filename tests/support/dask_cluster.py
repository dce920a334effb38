"""A Dask scheduler and two workers, each a process in an empty folder with a home of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.server import free_port

SETTINGS = ("METAFLOW_", "PREFECT_", "PYTEST_", "DASK_")


@dataclass
class DaskCluster:
    """Processes of Dask.

    Attributes:
        address: Where the scheduler is.
        workers: The workers' processes.
        start_worker: Starts one for a place among them.
    """

    address: str
    workers: list[subprocess.Popen[bytes]]
    start_worker: Callable[[int], subprocess.Popen[bytes]]

    def replace_lost(self) -> None:
        """Start a worker for each that has ended."""
        for place, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.workers[place] = self.start_worker(place)


@contextmanager
def dask_cluster(
    folder: Path, resources: Sequence[str] = ("", ""), **variables: str
) -> Iterator[DaskCluster]:
    """Run a cluster.

    Args:
        folder: Where its processes have their folders.
        resources: What each worker declares to have, as "GPU=1".
        variables: Set in the environment of the workers.
    """
    address = f"tcp://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        flags = ["--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard"]
        _started(stack, folder / "scheduler", ["dask_scheduler", *flags], {})
        flags = ["--nthreads", "2", "--no-nanny", "--no-dashboard"]

        def start_worker(number: int) -> subprocess.Popen[bytes]:
            has = ["--resources", resources[number]] if resources[number] else []
            words = ["dask_worker", address, *flags, *has]
            return _started(stack, folder / f"worker-{number}", words, variables)

        workers = [start_worker(number) for number in range(len(resources))]
        yield DaskCluster(address, workers, start_worker)


def _started(
    stack: ExitStack, folder: Path, words: list[str], variables: dict[str, str]
) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    kept = {n: v for n, v in os.environ.items() if not n.startswith(SETTINGS)}
    module, *arguments = words
    log = stack.enter_context((folder.parent / f"{folder.name}.log").open("ab"))
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
        cwd=folder,
        env={**kept, "HOME": str(folder), "PREFECT_HOME": str(folder / ".prefect"), **variables},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    stack.callback(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
