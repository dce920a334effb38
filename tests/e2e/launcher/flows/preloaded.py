"""Tells which process has imported a module."""

import os

from metaflow import FlowSpec, step


class PreloadedFlow(FlowSpec):
    """Two steps that import the same module."""

    @step
    def start(self) -> None:
        """Look from the first step."""
        import slow_to_import

        print("start imported it itself:", slow_to_import.PROCESS == os.getpid())
        self.process = slow_to_import.PROCESS
        self.next(self.end)

    @step
    def end(self) -> None:
        """Look from another one."""
        import slow_to_import

        print("all share one import:", slow_to_import.PROCESS == self.process)


if __name__ == "__main__":
    PreloadedFlow()
