"""A cluster of Ray with one node, in an empty folder with a home of its own."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.dask_cluster import SETTINGS
from support.run import LIMIT
from support.server import free_port


@dataclass
class RayCluster:
    """A cluster.

    Attributes:
        runner: What `--task-runner` takes.
        settings: The environment variables by which a client may reach it.
    """

    runner: str
    settings: dict[str, str]


@contextmanager
def ray_cluster(folder: Path) -> Iterator[RayCluster]:
    """Run a cluster whose processes have their folders in `folder`."""
    settings = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(16),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # it is 15, which on a busy machine is never
        "RAY_raylet_start_wait_time_s": str(LIMIT),
    }
    kept = {n: v for n, v in os.environ.items() if not n.startswith((*SETTINGS, "RAY_"))}
    port = free_port()
    words = ["start", "--head", "--block", "--num-cpus=4", "--include-dashboard=false"]
    ports = [f"--port={port}", f"--ray-client-server-port={free_port()}"]
    folder.mkdir(parents=True)
    log = folder / "ray.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", *words, *ports],
            cwd=folder,
            env={**kept, "HOME": str(folder), **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + LIMIT
        while "Ray runtime started" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.5)
        # Not by ray://: the process that Ray forks for each such client ends at once now and then,
        # and the client then waits for it.
        yield RayCluster(f"ray:127.0.0.1:{port}", settings)
    finally:
        process.send_signal(signal.SIGTERM)  # then it ends what it has started
        try:
            process.wait(timeout=60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
