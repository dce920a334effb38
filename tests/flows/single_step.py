"""A flow of one step, which is both first and last."""

from metaflow import FlowSpec, Parameter, step


class SingleStepFlow(FlowSpec):
    x = Parameter("x", default=3)

    @step
    def only(self):
        self.y = self.x + 1
        print(self.y)


if __name__ == "__main__":
    SingleStepFlow()
