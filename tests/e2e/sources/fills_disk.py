import os

from metaflow import FlowSpec, step


class FillsDiskFlow(FlowSpec):
    @step
    def start(self):
        if "OUT_OF_SPACE" in os.environ:
            raise OSError(28, "No space left on device")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FillsDiskFlow()
