"""Three foreaches in one another, over the same artifact name in two of them."""

from metaflow import FlowSpec, step


class ForeachNestedThreeFlow(FlowSpec):
    @step
    def start(self):
        self.items = ["a", "b"]
        self.next(self.two, foreach="items")

    @step
    def two(self):
        self.deeper = [f"{self.input}{n}" for n in range(1)]
        self.next(self.three, foreach="deeper")

    @step
    def three(self):
        self.items = [f"{self.input}{n}" for n in (7, 8)]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.word = self.input
        self.depth = [frame.index for frame in self._foreach_stack]
        self.next(self.close_three)

    @step
    def close_three(self, inputs):
        self.words = [i.word for i in inputs]
        self.next(self.close_two)

    @step
    def close_two(self, inputs):
        self.words = [w for i in inputs for w in i.words]
        self.next(self.close_one)

    @step
    def close_one(self, inputs):
        self.words = [w for i in inputs for w in i.words]
        self.next(self.end)

    @step
    def end(self):
        print(self.words)


if __name__ == "__main__":
    ForeachNestedThreeFlow()
