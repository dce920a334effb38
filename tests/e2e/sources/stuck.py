"""Stands still while it is imported, if a file is there."""

import time
from pathlib import Path

from metaflow import FlowSpec, step

if Path("stuck").exists():
    Path("here").touch()
    time.sleep(600)


class StuckFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    StuckFlow()
