"""Parameters whose names have hyphens or capitals, or differ from the attribute."""

from metaflow import FlowSpec, Parameter, step


class ParametersNamesFlow(FlowSpec):
    with_hyphen = Parameter("with-hyphen", default=1)
    attribute = Parameter("option", default="option's value")
    # each is bound to the attribute that carries the other's name
    one = Parameter("two", default="named two, bound to one")
    two = Parameter("one", default="named one, bound to two")
    Capital = Parameter("Capital", default=4)
    snake_case = Parameter("snake_case", default=5)
    x = Parameter("x", default=6)

    @step
    def start(self):
        names = ["with_hyphen", "attribute", "one", "two", "Capital", "snake_case", "x"]
        self.got = {name: getattr(self, name) for name in names}
        self.next(self.end)

    @step
    def end(self):
        print(self.got)


if __name__ == "__main__":
    ParametersNamesFlow()
