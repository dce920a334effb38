"""A switch inside a foreach: each split takes another way to the join."""

from metaflow import FlowSpec, step


class SwitchInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.items = ["even", "odd", "even"]
        self.next(self.choose, foreach="items")

    @step
    def choose(self):
        self.path = [self.input]
        self.kind = self.input
        self.next({"even": self.even, "odd": self.odd}, condition="kind")

    @step
    def even(self):
        self.path = [*self.path, f"even {self.index}"]
        self.next(self.join)

    @step
    def odd(self):
        self.path = [*self.path, f"odd {self.index}"]
        self.next(self.odder)

    @step
    def odder(self):
        self.path = [*self.path, f"odder {self.input}"]
        self.next(self.join)

    @step
    def join(self, inputs):
        # the order is that of the indices only if one step leads to the join
        self.paths = sorted(i.path for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.paths)


if __name__ == "__main__":
    SwitchInForeachFlow()
