"""A step that waits for a file, and one that fails if another file is there."""

import os
import time

from metaflow import FlowSpec, Parameter, step


class OperatedWaitingFlow(FlowSpec):
    gate = Parameter("gate", required=True)

    @step
    def start(self):
        with open(self.gate + ".pid", "w") as file:
            file.write(str(os.getpid()))
        while not os.path.exists(self.gate):
            time.sleep(0.1)
        self.next(self.middle)

    @step
    def middle(self):
        if os.path.exists(self.gate + ".broken"):
            raise ValueError("broken on purpose")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OperatedWaitingFlow()
