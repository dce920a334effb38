"""A switch inside a foreach whose cases meet in a step before the join."""

from metaflow import FlowSpec, step


class SwitchMeetInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.items = [True, False]
        self.next(self.choose, foreach="items")

    @step
    def choose(self):
        self.flag = self.input
        self.next({True: self.yes, False: self.no}, condition="flag")

    @step
    def yes(self):
        self.said = "yes"
        self.next(self.meet)

    @step
    def no(self):
        self.said = "no"
        self.next(self.meet)

    @step
    def meet(self):
        self.said += f" {self.index}"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.said = [i.said for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.said)


if __name__ == "__main__":
    SwitchMeetInForeachFlow()
