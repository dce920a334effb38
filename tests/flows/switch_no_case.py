"""A switch over a value that none of its cases has, which fails."""

from metaflow import FlowSpec, step


class SwitchNoCaseFlow(FlowSpec):
    @step
    def start(self):
        self.mode = "unheard of"
        self.next({"a": self.a, "b": self.end}, condition="mode")

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchNoCaseFlow()
