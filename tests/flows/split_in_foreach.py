"""A split inside a foreach."""

from metaflow import FlowSpec, step


class SplitInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.x = self.input
        self.next(self.plus, self.minus)

    @step
    def plus(self):
        self.y = self.x + 10
        self.next(self.join_arms)

    @step
    def minus(self):
        self.y = self.x - 10
        self.next(self.join_arms)

    @step
    def join_arms(self, inputs):
        self.ys = [inputs.plus.y, inputs.minus.y]
        self.merge_artifacts(inputs, include=["x"])
        self.next(self.join_splits)

    @step
    def join_splits(self, inputs):
        self.table = {i.x: i.ys for i in inputs}
        self.next(self.end)

    @step
    def end(self):
        print(self.table)


if __name__ == "__main__":
    SplitInForeachFlow()
