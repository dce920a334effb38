"""A step that calls self.next with another step than its last line says."""

from metaflow import FlowSpec, step


class FailNextFlow(FlowSpec):
    @step
    def start(self):
        if True:
            self.next(self.other)
            return
        self.next(self.middle)

    @step
    def middle(self):
        self.next(self.other)

    @step
    def other(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailNextFlow()
