"""Two foreaches after one another."""

from metaflow import FlowSpec, step


class ForeachTwiceFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.one, foreach="items")

    @step
    def one(self):
        self.value = self.input * 10
        self.next(self.join_one)

    @step
    def join_one(self, inputs):
        self.items = [i.value for i in inputs]
        self.next(self.between)

    @step
    def between(self):
        self.next(self.two, foreach="items")

    @step
    def two(self):
        self.value = self.input + 1
        self.next(self.join_two)

    @step
    def join_two(self, inputs):
        self.values = [i.value for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.values)


if __name__ == "__main__":
    ForeachTwiceFlow()
