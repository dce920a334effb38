"""A flow called at the top level, without a guard."""

from metaflow import FlowSpec, step


class NoGuardFlow(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.end)

    @step
    def end(self):
        print(self.x)


NoGuardFlow()
