"""A FlowMutator that adds a parameter and decorators, and a StepMutator."""

import os

from metaflow import FlowMutator, FlowSpec, Parameter, StepMutator, current, step


class AddsThings(FlowMutator):
    def pre_mutate(self, mutable_flow):
        mutable_flow.add_parameter("added", Parameter("added", default="by the mutator"))
        for _, one in mutable_flow.steps:
            one.add_decorator("environment", deco_kwargs={"vars": {"ADDED_VARIABLE": "yes"}})


class Retries(StepMutator):
    def init(self, *args, **kwargs):
        self.times = kwargs.get("times", 1)

    def mutate(self, mutable_step):
        mutable_step.add_decorator(
            "retry", deco_kwargs={"times": self.times, "minutes_between_retries": 0}
        )


@AddsThings
class MutatorsFlow(FlowSpec):
    @Retries(times=1)
    @step
    def start(self):
        self.got = [self.added, os.environ.get("ADDED_VARIABLE")]
        self.attempt = current.retry_count
        if current.retry_count == 0:
            raise RuntimeError("first attempt")
        self.next(self.end)

    @step
    def end(self):
        print(self.got)


if __name__ == "__main__":
    MutatorsFlow()
