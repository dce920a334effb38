"""A FlowMutator that reads a config to decide which decorators to add."""

import os

from metaflow import Config, FlowMutator, FlowSpec, step


class Configured(FlowMutator):
    def pre_mutate(self, mutable_flow):
        variables = dict(mutable_flow.configs)["config"]["env"]
        for name, one in mutable_flow.steps:
            if name == "start":
                one.add_decorator("environment", deco_kwargs={"vars": dict(variables)})


@Configured
class ConfigMutatorFlow(FlowSpec):
    config = Config("config", default="config.json")

    @step
    def start(self):
        self.got = os.environ.get("CONFIGURED")
        self.next(self.end)

    @step
    def end(self):
        print(self.got)


if __name__ == "__main__":
    ConfigMutatorFlow()
