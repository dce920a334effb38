"""A flow of one step, marked as both first and last."""

from metaflow import FlowSpec, step


class SingleStepMarkedFlow(FlowSpec):
    @step(start=True, end=True)
    def start(self):
        self.y = 1


if __name__ == "__main__":
    SingleStepMarkedFlow()
