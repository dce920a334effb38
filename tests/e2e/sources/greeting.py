"""Keeps what its parameters are."""

from metaflow import Config, FlowSpec, JSONType, Parameter, step


class GreetingFlow(FlowSpec):
    told = Config("told", default_value='{"a": 0}')
    alpha = Parameter("alpha", type=float, default=0.1)
    named = Parameter("name", default="nobody")
    retries = Parameter("retry_count", type=int, default=1)
    wait = Parameter("wait", type=JSONType, default="{}")

    @step
    def start(self):
        self.seen = [self.alpha, self.named, self.retries, self.wait]
        self.where = self.told.a
        if self.alpha < 0:
            raise ValueError("below zero")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GreetingFlow()
