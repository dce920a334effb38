"""Many short tasks, and a last one that waits for a file."""

import time
from pathlib import Path

from metaflow import FlowSpec, step


class WideFlow(FlowSpec):
    @step
    def start(self):
        self.items = list(range(80))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        print(self.index)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        Path("last").touch()
        while not Path("go").exists():
            time.sleep(0.05)


if __name__ == "__main__":
    WideFlow()
