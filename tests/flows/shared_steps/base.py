"""Steps for flows in other modules."""

from metaflow import FlowSpec, Parameter, retry, step


class SharedBase(FlowSpec):
    shared_parameter = Parameter("shared-parameter", default="from the base")

    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        self.path = ["shared start"]
        self.next(self.work)

    @step
    def end(self):
        print(self.shared_parameter, self.path)
