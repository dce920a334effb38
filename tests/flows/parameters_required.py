"""Required parameters of several types."""

from metaflow import FlowSpec, JSONType, Parameter, step


class ParametersRequiredFlow(FlowSpec):
    text = Parameter("text", required=True)
    number = Parameter("number", type=int, required=True)
    table = Parameter("table", type=JSONType, required=True)

    @step
    def start(self):
        self.got = [self.text, self.number, self.table]
        self.next(self.end)

    @step
    def end(self):
        print(self.got)


if __name__ == "__main__":
    ParametersRequiredFlow()
