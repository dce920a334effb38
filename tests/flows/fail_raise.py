"""A step that raises after storing an artifact and printing."""

import sys

from metaflow import FlowSpec, Parameter, step


class FailRaiseFlow(FlowSpec):
    where = Parameter("where", default="middle")

    def maybe_fail(self, name):
        if self.where == name:
            print("about to fail in", name)
            print("to stderr", file=sys.stderr)
            raise ValueError(f"as wanted in {name}: é")

    @step
    def start(self):
        self.before = "kept"
        self.maybe_fail("start")
        self.next(self.middle)

    @step
    def middle(self):
        self.also = "kept"
        self.maybe_fail("middle")
        self.next(self.end)

    @step
    def end(self):
        self.maybe_fail("end")


if __name__ == "__main__":
    FailRaiseFlow()
