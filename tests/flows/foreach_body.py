"""A foreach whose body has three steps."""

from metaflow import FlowSpec, step


class ForeachBodyFlow(FlowSpec):
    @step
    def start(self):
        self.items = ["a", "b"]
        self.next(self.first, foreach="items")

    @step
    def first(self):
        self.path = [f"first {self.input}"]
        self.next(self.second)

    @step
    def second(self):
        self.path = [*self.path, f"second {self.index}"]
        self.next(self.third)

    @step
    def third(self):
        self.path = [*self.path, f"third {self.input}"]
        print(self.path)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.paths = [i.path for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.paths)


if __name__ == "__main__":
    ForeachBodyFlow()
