"""A foreach over a list, with None, a number and text among its items."""

import sys

from metaflow import FlowSpec, step


class ForeachListFlow(FlowSpec):
    @step
    def start(self):
        self.items = ["a", None, 3]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.seen = (self.index, self.input)
        print("body", self.index, self.input)
        print("stack", self.foreach_stack(), file=sys.stderr)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all_seen = [i.seen for i in inputs]
        self.items = inputs[0].items
        self.next(self.end)

    @step
    def end(self):
        print(self.all_seen)


if __name__ == "__main__":
    ForeachListFlow()
