"""A decorator's hook that ends the process it runs in."""

import sys

from metaflow import FlowSpec, environment, step
from metaflow.plugins.environment_decorator import EnvironmentDecorator


def runtime_step_cli(*_):
    """Refuse to run the step."""
    sys.exit("not today")


EnvironmentDecorator.runtime_step_cli = runtime_step_cli


class HookExitsFlow(FlowSpec):
    """Its second step never begins."""

    @step
    def start(self):
        """Do nothing."""
        self.next(self.end)

    @environment(vars={"NAME": "value"})
    @step
    def end(self):
        """Do nothing."""


if __name__ == "__main__":
    HookExitsFlow()
