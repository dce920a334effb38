"""A foreach over a generator, which cannot be stored."""

from metaflow import FlowSpec, step


class ForeachGeneratorFlow(FlowSpec):
    @step
    def start(self):
        self.items = (n for n in (1, 2))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.seen = (self.index, self.input)
        print("body", self.index, self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all_seen = [i.seen for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.all_seen)


if __name__ == "__main__":
    ForeachGeneratorFlow()
