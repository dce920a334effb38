"""A split inside an arm of a split; both joins follow one another."""

from metaflow import FlowSpec, step


class SplitNestedFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.path = "a"
        self.next(self.aa, self.ab, self.ac)

    @step
    def aa(self):
        self.path += "a"
        self.next(self.join_a)

    @step
    def ab(self):
        self.path += "b"
        self.next(self.join_a)

    @step
    def ac(self):
        self.path += "c"
        self.next(self.join_a)

    @step
    def join_a(self, inputs):
        self.paths = sorted(i.path for i in inputs)
        self.next(self.join)

    @step
    def b(self):
        self.paths = ["b"]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.paths = sorted(p for i in inputs for p in i.paths)
        self.next(self.end)

    @step
    def end(self):
        print(self.paths)


if __name__ == "__main__":
    SplitNestedFlow()
