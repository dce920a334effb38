"""A switch over a bool, its two cases leading to the same step by other ways."""

from metaflow import FlowSpec, Parameter, step


class SwitchBoolFlow(FlowSpec):
    flag = Parameter("flag", default=False)

    @step
    def start(self):
        self.next({True: self.yes, False: self.end}, condition="flag")

    @step
    def yes(self):
        self.went = "yes"
        self.next(self.end)

    @step
    def end(self):
        print(getattr(self, "went", "no"))


if __name__ == "__main__":
    SwitchBoolFlow()
