"""A step that assigns to a parameter, which Metaflow forbids."""

from metaflow import FlowSpec, Parameter, step


class FailParameterSetFlow(FlowSpec):
    x = Parameter("x", default=1)

    @step
    def start(self):
        self.x = 2
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailParameterSetFlow()
