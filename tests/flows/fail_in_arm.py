"""One arm of a split fails; the other has a step after the failure."""

from metaflow import FlowSpec, step


class FailInArmFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.bad, self.good)

    @step
    def bad(self):
        raise RuntimeError("bad arm")
        self.next(self.join)

    @step
    def good(self):
        self.next(self.better)

    @step
    def better(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailInArmFlow()
