"""Steps, a parameter and a constant inherited from a base class in the same file."""

from metaflow import FlowSpec, Parameter, step


class Base(FlowSpec):
    size = Parameter("size", default=2)
    origin = "base"

    @step
    def start(self):
        self.items = list(range(self.size))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.got = self.work(self.input)
        self.next(self.join)

    def work(self, item):
        return ("base", item)

    @step
    def join(self, inputs):
        self.got = [i.got for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.origin, self.got)


class InheritedFlow(Base):
    origin = "child"

    def work(self, item):
        return ("child", item)

    @step
    def end(self):
        print("overridden", self.origin, self.got)


if __name__ == "__main__":
    InheritedFlow()
