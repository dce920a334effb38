"""Keeps where it is deployed: branch, production, namespace."""

import os

from metaflow import Config, FlowSpec, current, get_namespace, project, step


@project(name="operated")
class OperatedShopFlow(FlowSpec):
    told = Config("told", default_value='{"a": 0}')

    @step
    def start(self):
        self.seen = [self.told.a, os.environ.get("SEEN")]
        self.where = [current.branch_name, current.is_production, get_namespace()]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OperatedShopFlow()
