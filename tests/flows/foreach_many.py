"""A foreach whose number of splits is a parameter: for --max-num-splits and large joins."""

from metaflow import FlowSpec, Parameter, step


class ForeachManyFlow(FlowSpec):
    count = Parameter("count", default=6)

    @step
    def start(self):
        self.items = list(range(self.count))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [i.square for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.squares)


if __name__ == "__main__":
    ForeachManyFlow()
