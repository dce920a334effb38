"""A switch with arms of one, two and no steps that only meet at the end; keys are numbers."""

from metaflow import FlowSpec, Parameter, step


class SwitchArmsFlow(FlowSpec):
    arm = Parameter("arm", default=1)

    @step
    def start(self):
        self.path = ["start"]
        self.chosen = self.arm
        self.next({0: self.end, 1: self.one, 2: self.two}, condition="chosen")

    @step
    def one(self):
        self.path = [*self.path, "one"]
        self.next(self.end)

    @step
    def two(self):
        self.path = [*self.path, "two"]
        self.next(self.two_more)

    @step
    def two_more(self):
        self.path = [*self.path, "two_more"]
        self.next(self.end)

    @step
    def end(self):
        print(self.path)


if __name__ == "__main__":
    SwitchArmsFlow()
