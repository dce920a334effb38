"""Steps that can only run in one place each, and say what they saw there."""

import os
import time
from pathlib import Path

from metaflow import FlowSpec, batch, catch, kubernetes, resources, step


def above():
    """The processes above this one, the nearest first."""
    found = [os.getppid()]
    while found[-1] > 1:
        stat = Path(f"/proc/{found[-1]}/stat").read_text()
        found.append(int(stat.rpartition(")")[2].split()[1]))
    return found


class PlacedFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.trained)

    @resources(gpu=1)
    @step
    def trained(self):
        self.above = above()
        self.next(self.watching)

    @resources(shared_memory=64)
    @step
    def watching(self):
        self.above_watching = above()
        end = time.monotonic() + 90
        while Path(f"/proc/{self.above[0]}").exists() and time.monotonic() < end:
            time.sleep(0.1)
        self.has_ended = not Path(f"/proc/{self.above[0]}").exists()
        self.next(self.remote)

    @catch(var="failed")
    @kubernetes(image="here")
    @step
    def remote(self):
        self.next(self.queued)

    @catch(var="failed_too")
    @batch(image="here")
    @step
    def queued(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PlacedFlow()
