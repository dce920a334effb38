"""One split of a foreach fails."""

from metaflow import FlowSpec, Parameter, step


class FailInForeachFlow(FlowSpec):
    bad = Parameter("bad", default=1)

    @step
    def start(self):
        self.items = ["a", "b", "c"]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.got = self.input
        if self.index == self.bad:
            raise RuntimeError(f"no {self.input}")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.got = [i.got for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailInForeachFlow()
