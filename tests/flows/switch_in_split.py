"""A switch inside an arm of a split, its cases going to the join by other steps."""

from metaflow import FlowSpec, Parameter, step


class SwitchInSplitFlow(FlowSpec):
    way = Parameter("way", default="long")

    @step
    def start(self):
        self.next(self.choose, self.other)

    @step
    def choose(self):
        self.path = ["choose"]
        self.next({"long": self.long, "short": self.short}, condition="way")

    @step
    def long(self):
        self.path = [*self.path, "long"]
        self.next(self.longer)

    @step
    def longer(self):
        self.path = [*self.path, "longer"]
        self.next(self.join)

    @step
    def short(self):
        self.path = [*self.path, "short"]
        self.next(self.join)

    @step
    def other(self):
        self.path = ["other"]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.paths = sorted(i.path for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.paths)


if __name__ == "__main__":
    SwitchInSplitFlow()
