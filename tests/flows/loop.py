"""A step that follows itself: a recursive switch, run a given number of times."""

from metaflow import FlowSpec, Parameter, step


class LoopFlow(FlowSpec):
    times = Parameter("times", default=3)

    @step
    def start(self):
        self.count = 0
        self.next(self.again)

    @step
    def again(self):
        self.count += 1
        self.more = self.count < self.times
        print("round", self.count)
        self.next({True: self.again, False: self.end}, condition="more")

    @step
    def end(self):
        print(self.count)


if __name__ == "__main__":
    LoopFlow()
