"""A switch in an arm of a switch."""

from metaflow import FlowSpec, Parameter, step


class SwitchNestedFlow(FlowSpec):
    outer = Parameter("outer", default="a")
    inner = Parameter("inner", default="y")

    @step
    def start(self):
        self.path = ["start"]
        self.next({"a": self.a, "b": self.b}, condition="outer")

    @step
    def a(self):
        self.path = [*self.path, "a"]
        self.next({"x": self.ax, "y": self.ay}, condition="inner")

    @step
    def ax(self):
        self.path = [*self.path, "ax"]
        self.next(self.meet)

    @step
    def ay(self):
        self.path = [*self.path, "ay"]
        self.next(self.meet)

    @step
    def b(self):
        self.path = [*self.path, "b"]
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.path)


if __name__ == "__main__":
    SwitchNestedFlow()
