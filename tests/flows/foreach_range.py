"""A foreach over a range."""

from metaflow import FlowSpec, step


class ForeachRangeFlow(FlowSpec):
    @step
    def start(self):
        self.items = range(2)
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.seen = (self.index, self.input)
        print("body", self.index, self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all_seen = [i.seen for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.all_seen)


if __name__ == "__main__":
    ForeachRangeFlow()
