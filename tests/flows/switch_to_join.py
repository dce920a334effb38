"""A switch inside an arm of a split, one of its cases being the join itself, which Metaflow refuses."""

from metaflow import FlowSpec, Parameter, step


class SwitchToJoinFlow(FlowSpec):
    skip = Parameter("skip", default=True)

    @step
    def start(self):
        self.next(self.choose, self.other)

    @step
    def choose(self):
        self.path = ["choose"]
        self.next({True: self.join, False: self.more}, condition="skip")

    @step
    def more(self):
        self.path = [*self.path, "more"]
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
    SwitchToJoinFlow()
