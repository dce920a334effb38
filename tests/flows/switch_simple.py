"""A switch whose arms meet before the end; one case is never taken."""

from metaflow import FlowSpec, Parameter, step


class SwitchSimpleFlow(FlowSpec):
    mode = Parameter("mode", default="fast")

    @step
    def start(self):
        self.next({"fast": self.fast, "slow": self.slow}, condition="mode")

    @step
    def fast(self):
        self.path = ["fast"]
        self.next(self.meet)

    @step
    def slow(self):
        self.path = ["slow"]
        self.next(self.meet)

    @step
    def meet(self):
        self.path = [*self.path, "meet"]
        self.next(self.end)

    @step
    def end(self):
        print(self.path)


if __name__ == "__main__":
    SwitchSimpleFlow()
