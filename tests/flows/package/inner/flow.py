"""A flow in a package, with relative imports: run by python -m."""

from metaflow import FlowSpec, step

from ..helpers import greet


class PackageFlow(FlowSpec):
    @step
    def start(self):
        self.greeting = greet("start")
        self.next(self.end)

    @step
    def end(self):
        print(self.greeting)


if __name__ == "__main__":
    PackageFlow()
