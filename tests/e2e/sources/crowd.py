"""Many tasks at once that want the same resource, and how many of them have had it together."""

from pathlib import Path

from metaflow import FlowSpec, resources, step


class CrowdFlow(FlowSpec):
    @step
    def start(self):
        self.items = list(range(20))
        self.next(self.train, foreach="items")

    @resources(memory=16000)
    @step
    def train(self):
        mine = Path(f"running-{self.index}")
        mine.touch()
        self.together = len(list(Path().glob("running-*")))
        mine.unlink()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.most = max(task.together for task in inputs)
        self.count = len(list(inputs))
        self.next(self.end)

    @step
    def end(self):
        print("most together:", self.most, "of", self.count)


if __name__ == "__main__":
    CrowdFlow()
