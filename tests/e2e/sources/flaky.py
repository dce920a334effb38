"""Fails in one branch as long as a file is there."""

from pathlib import Path

from metaflow import FlowSpec, step


class FlakyFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2, 3]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.value = self.input * 2
        if Path("broken").exists() and self.input == 2:
            raise ValueError("asked to")
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.values = [i.value for i in inputs]
        self.next(self.meet)

    @step
    def right(self):
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.values = inputs.gather.values
        self.next(self.end)

    @step
    def end(self):
        print("values", self.values)


if __name__ == "__main__":
    FlakyFlow()
