"""Many short tasks; one fails, at first or always, and one waits for others or kills its worker."""

import os
import signal
import sys
import time
from pathlib import Path

from metaflow import FlowSpec, Parameter, current, retry, step

WORKERS = ("dask_worker", "ray::")
MANY = 32
FAILING, WAITING = 21, 25
LIMIT = 120


def worker():
    """The process of the worker above this one, or this one."""
    pid = os.getpid()
    while pid > 1:
        if any(name in Path(f"/proc/{pid}/cmdline").read_text() for name in WORKERS):
            return pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return os.getpid()


class ShortTasksFlow(FlowSpec):
    kills = Parameter("kills", default=False)

    @step
    def start(self):
        Path("ended").mkdir(exist_ok=True)
        self.items = list(range(MANY))
        self.next(self.work, foreach="items")

    @retry(times=2, minutes_between_retries=0)
    @step
    def work(self):
        self.attempt = current.retry_count
        self.doubled = 2 * self.input
        print("task", self.input)
        print("also", self.input, file=sys.stderr)
        if self.input == FAILING and not self.attempt:
            raise ValueError("at first")
        if self.input == WAITING and not self.attempt:
            self.be_long()
        Path("ended", str(self.input)).touch()
        self.next(self.join)

    def be_long(self):
        if self.kills:
            os.kill(worker(), signal.SIGKILL)
            time.sleep(600)
        end = time.monotonic() + LIMIT
        while len(list(Path("ended").iterdir())) < MANY - 1:
            if time.monotonic() > end:
                raise TimeoutError("others have not ended")
            time.sleep(0.1)

    @step
    def join(self, inputs):
        self.doubled = [task.doubled for task in inputs]
        self.attempts = [task.attempt for task in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.doubled)


if __name__ == "__main__":
    ShortTasksFlow()
