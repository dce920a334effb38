"""Parameters whose names begin with an underscore or a digit."""

from metaflow import FlowSpec, Parameter, step


class ParametersPrivateFlow(FlowSpec):
    private = Parameter("_private", default=1)
    dunder = Parameter("__dunder__", default=2)

    @step
    def start(self):
        self.got = [self.private, self.dunder]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ParametersPrivateFlow()
