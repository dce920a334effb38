"""A flow for --with: fails on attempt 0 when asked to, so that it needs a retry from outside."""

import os

from metaflow import FlowSpec, Parameter, current, step


class WithOptionFlow(FlowSpec):
    fail_first = Parameter("fail_first", default=False)

    @step
    def start(self):
        self.attempt = current.retry_count
        self.variable = os.environ.get("WITH_VARIABLE")
        if self.fail_first and current.retry_count == 0:
            raise RuntimeError("first attempt")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WithOptionFlow()
