"""A flow in a package, with absolute imports: run by python -m with the root on PYTHONPATH."""

from metaflow import FlowSpec, step
from package.helpers import greet


class AbsoluteFlow(FlowSpec):
    @step
    def start(self):
        self.greeting = greet("start")
        self.next(self.end)

    @step
    def end(self):
        print(self.greeting)


if __name__ == "__main__":
    AbsoluteFlow()
