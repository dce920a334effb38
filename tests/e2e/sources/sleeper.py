"""Two tasks that sleep, each with a child process that sleeps too, unless a file is there."""

import os
import subprocess
import sys
import time
from pathlib import Path

from metaflow import FlowSpec, step


class SleeperFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.doubled = 2 * self.input
        if Path("awake").exists():
            self.next(self.join)
            return
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path("pid").mkdir(exist_ok=True)
        Path("pid", str(os.getpid())).touch()
        print("pids", os.getpid(), child.pid, flush=True)
        time.sleep(600)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(task.doubled for task in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SleeperFlow()
