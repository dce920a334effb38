"""A foreach whose body begins with a loop."""

from metaflow import FlowSpec, step


class LoopIsForeachBodyFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.again, foreach="items")

    @step
    def again(self):
        self.trace = [*getattr(self, "trace", []), self.input]
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
    LoopIsForeachBodyFlow()
