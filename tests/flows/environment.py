"""@environment on a step, beside variables of the surrounding process."""

import os

from metaflow import FlowSpec, environment, step


class EnvironmentFlow(FlowSpec):
    @environment(vars={"OWN_VARIABLE": "own é", "OWN_NUMBER": 3, "OUTER": "replaced"})
    @step
    def start(self):
        self.got = {k: os.environ.get(k) for k in ("OWN_VARIABLE", "OWN_NUMBER", "OUTER")}
        self.next(self.end)

    @step
    def end(self):
        self.outside = {k: os.environ.get(k) for k in ("OWN_VARIABLE", "OWN_NUMBER", "OUTER")}


if __name__ == "__main__":
    EnvironmentFlow()
