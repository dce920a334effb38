"""The last step leaves by sys.exit(0): the process succeeds but the step does not."""

import sys

from metaflow import FlowSpec, step


class ExitZeroAtEndFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.before = 1
        sys.exit(0)


if __name__ == "__main__":
    ExitZeroAtEndFlow()
