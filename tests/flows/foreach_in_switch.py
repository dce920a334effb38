"""A foreach in one case of a switch, a split in the other."""

from metaflow import FlowSpec, Parameter, step


class ForeachInSwitchFlow(FlowSpec):
    how = Parameter("how", default="foreach")

    @step
    def start(self):
        self.next({"foreach": self.open_each, "split": self.open_split}, condition="how")

    @step
    def open_each(self):
        self.items = [1, 2]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.got = self.input
        self.next(self.close_each)

    @step
    def close_each(self, inputs):
        self.got = [i.got for i in inputs]
        self.next(self.meet)

    @step
    def open_split(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.got = "left"
        self.next(self.close_split)

    @step
    def right(self):
        self.got = "right"
        self.next(self.close_split)

    @step
    def close_split(self, inputs):
        self.got = sorted(i.got for i in inputs)
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.got)


if __name__ == "__main__":
    ForeachInSwitchFlow()
