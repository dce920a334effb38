"""A step whose first attempt kills the worker that runs it; natively, which has none, itself."""

import os
import signal
import time
from pathlib import Path

from metaflow import FlowSpec, current, retry, step

WORKERS = ("dask_worker", "ray::")


def worker():
    """The process of the worker above this one, or this one."""
    pid = os.getpid()
    while pid > 1:
        if any(name in Path(f"/proc/{pid}/cmdline").read_text() for name in WORKERS):
            return pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return os.getpid()


class LostWorkerFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.work)

    @retry(times=2, minutes_between_retries=0)
    @step
    def work(self):
        self.attempt = current.retry_count
        if current.retry_count == 0:
            os.kill(worker(), signal.SIGKILL)
            time.sleep(600)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LostWorkerFlow()
