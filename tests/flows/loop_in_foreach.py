"""A loop inside a foreach, run another number of times in each split."""

from metaflow import FlowSpec, step


class LoopInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 3]
        self.next(self.prepare, foreach="items")

    @step
    def prepare(self):
        self.trace = []
        self.next(self.again)

    @step
    def again(self):
        self.trace = [*self.trace, self.input]
        self.way = "more" if len(self.trace) < self.input else "on"
        self.next({"more": self.again, "on": self.after}, condition="way")

    @step
    def after(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.traces = [i.trace for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.traces)


if __name__ == "__main__":
    LoopInForeachFlow()
