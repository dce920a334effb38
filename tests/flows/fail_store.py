"""A step whose artifact cannot be pickled."""

import threading

from metaflow import FlowSpec, step


class FailStoreFlow(FlowSpec):
    @step
    def start(self):
        self.fine = 1
        self.lock = threading.Lock()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailStoreFlow()
