"""A foreach in one arm of a split only."""

from metaflow import FlowSpec, step


class ForeachInOneArmFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.wide, self.narrow)

    @step
    def wide(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.got = self.input
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.total = sum(i.got for i in inputs)
        self.next(self.join)

    @step
    def narrow(self):
        self.total = 40
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(i.total for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.total)


if __name__ == "__main__":
    ForeachInOneArmFlow()
