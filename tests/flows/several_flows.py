"""Several FlowSpecs in one file; which one runs is what the guard calls."""

from metaflow import FlowSpec, step


class UnusedFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print("never")


class SeveralUsedFlow(FlowSpec):
    @step
    def start(self):
        self.which = "used"
        self.next(self.end)

    @step
    def end(self):
        print(self.which)


class AlsoUnusedFlow(UnusedFlow):
    pass


if __name__ == "__main__":
    SeveralUsedFlow()
