"""Parameters with keyword arguments that Metaflow hands to click: choices, ranges, several values."""

from metaflow._vendor import click

from metaflow import FlowSpec, Parameter, step


class ParametersClickFlow(FlowSpec):
    color = Parameter("color", type=click.Choice(["red", "green"]), default="red")
    level = Parameter("level", type=click.IntRange(1, 5), default=2)
    many = Parameter("many", multiple=True)
    numbers = Parameter("numbers", multiple=True, type=int, default=[1, 2])
    pair = Parameter("pair", nargs=2, type=float, default=(0.5, 1.5))
    flag = Parameter("flag", is_flag=True, default=False)
    loud = Parameter("loud", count=True, default=0)

    @step
    def start(self):
        self.got = [self.color, self.level, self.many, self.numbers, self.pair]
        self.flags = [self.flag, self.loud]
        self.next(self.end)

    @step
    def end(self):
        print(self.got, self.flags)


if __name__ == "__main__":
    ParametersClickFlow()
