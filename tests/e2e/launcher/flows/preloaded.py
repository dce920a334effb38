"""Tells which process has imported a module."""

import os

import numpy.random
from metaflow import FlowSpec, step


class PreloadedFlow(FlowSpec):
    """Two steps that import the same module."""

    @step
    def start(self) -> None:
        """Look from the first step."""
        import slow_to_import

        print("start imported it itself:", slow_to_import.PROCESS == os.getpid())
        print("start has its variable:", os.environ.get("SET_BY_MODULE"))
        self.process = slow_to_import.PROCESS
        self.number = numpy.random.random()  # noqa: NPY002 - the generator that all share
        self.next(self.end)

    @step
    def end(self) -> None:
        """Look from another one."""
        import slow_to_import

        print("all share one import:", slow_to_import.PROCESS == self.process)
        print("all share one number:", numpy.random.random() == self.number)  # noqa: NPY002


if __name__ == "__main__":
    PreloadedFlow()
