"""Two loops with a step between them."""

from metaflow import FlowSpec, step


class LoopTwiceApartFlow(FlowSpec):
    @step
    def start(self):
        self.trace = []
        self.next(self.one)

    @step
    def one(self):
        self.trace = [*self.trace, "one"]
        self.way = "more" if len(self.trace) < 2 else "on"
        self.next({"more": self.one, "on": self.between}, condition="way")

    @step
    def between(self):
        self.trace = [*self.trace, "between"]
        self.next(self.two)

    @step
    def two(self):
        self.trace = [*self.trace, "two"]
        self.way = "more" if len(self.trace) < 5 else "on"
        self.next({"more": self.two, "on": self.end}, condition="way")

    @step
    def end(self):
        print(self.trace)


if __name__ == "__main__":
    LoopTwiceApartFlow()
