"""A loop in an arm of a split, with a step before the join."""

from metaflow import FlowSpec, step


class LoopInSplitFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.again, self.other)

    @step
    def again(self):
        self.count = getattr(self, "count", 0) + 1
        self.way = "more" if self.count < 2 else "on"
        self.next({"more": self.again, "on": self.after}, condition="way")

    @step
    def after(self):
        self.next(self.join)

    @step
    def other(self):
        self.count = 100
        self.next(self.join)

    @step
    def join(self, inputs):
        self.counts = sorted(i.count for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.counts)


if __name__ == "__main__":
    LoopInSplitFlow()
