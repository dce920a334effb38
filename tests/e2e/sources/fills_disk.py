import os

from metaflow import FlowSpec, step


class FillsDiskFlow(FlowSpec):
    @step
    def start(self):
        self.data = os.urandom(4_000_000)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FillsDiskFlow()
