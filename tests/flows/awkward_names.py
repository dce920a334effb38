"""Step names that are builtins, or names that generated code is likely to use."""

from metaflow import FlowSpec, step


class Flow(FlowSpec):
    @step
    def start(self):
        self.path = ["start"]
        self.next(self.task, self.flow, self.print)

    @step
    def task(self):
        self.path = ["task"]
        self.next(self.prefect)

    @step
    def prefect(self):
        self.path = [*self.path, "prefect"]
        self.next(self.metaflow)

    @step
    def flow(self):
        self.path = ["flow"]
        self.next(self.metaflow)

    @step
    def print(self):
        self.path = ["print"]
        self.next(self.metaflow)

    @step
    def metaflow(self, inputs):
        self.path = sorted(p for i in inputs for p in i.path)
        self.next(self.main)

    @step
    def main(self):
        self.next(self.run)

    @step
    def run(self):
        self.next(self.lambda_)

    @step
    def lambda_(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.path)


if __name__ == "__main__":
    Flow()
