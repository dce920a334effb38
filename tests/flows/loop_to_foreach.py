"""A loop that leaves for a foreach, and one case more than the loop and the way out."""

from metaflow import FlowSpec, Parameter, step


class LoopToForeachFlow(FlowSpec):
    out = Parameter("out", default="each")

    @step
    def start(self):
        self.count = 0
        self.next(self.again)

    @step
    def again(self):
        self.count += 1
        self.way = "more" if self.count < 2 else self.out
        self.next(
            {"more": self.again, "each": self.open_each, "stop": self.end},
            condition="way",
        )

    @step
    def open_each(self):
        self.items = list(range(self.count))
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.got = self.input
        self.next(self.close_each)

    @step
    def close_each(self, inputs):
        self.got = [i.got for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(getattr(self, "got", None))


if __name__ == "__main__":
    LoopToForeachFlow()
