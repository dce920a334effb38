"""Two loops after one another, one straight after the other."""

from metaflow import FlowSpec, step


class LoopTwiceFlow(FlowSpec):
    @step
    def start(self):
        self.trace = []
        self.next(self.one)

    @step
    def one(self):
        self.trace = [*self.trace, "one"]
        self.way = "more" if len(self.trace) < 2 else "on"
        self.next({"more": self.one, "on": self.two}, condition="way")

    @step
    def two(self):
        self.trace = [*self.trace, "two"]
        self.way = "more" if len(self.trace) < 5 else "on"
        self.next({"more": self.two, "on": self.end}, condition="way")

    @step
    def end(self):
        print(self.trace)


if __name__ == "__main__":
    LoopTwiceFlow()
