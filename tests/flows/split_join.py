"""A split into two arms and their join."""

import sys

from metaflow import FlowSpec, step


class SplitJoinFlow(FlowSpec):
    @step
    def start(self):
        self.base = 10
        self.next(self.left, self.right)

    @step
    def left(self):
        self.value = self.base + 1
        print("left", self.value)
        self.next(self.join)

    @step
    def right(self):
        self.value = self.base + 2
        print("right", self.value, file=sys.stderr)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = [inputs.left.value, inputs.right.value]
        # the order of a static join's inputs is not fixed natively: a set decides it
        self.sorted_values = sorted(i.value for i in inputs)
        self.merge_artifacts(inputs, exclude=["value"])
        self.next(self.end)

    @step
    def end(self):
        print(self.base, self.values)


if __name__ == "__main__":
    SplitJoinFlow()
