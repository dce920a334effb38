"""A split whose arms have one, two and three steps."""

from metaflow import FlowSpec, step


class SplitUnequalFlow(FlowSpec):
    @step
    def start(self):
        self.path = ["start"]
        self.next(self.z_short, self.m_two, self.a_three)

    @step
    def z_short(self):
        self.path = [*self.path, "z_short"]
        self.next(self.join)

    @step
    def m_two(self):
        self.path = [*self.path, "m_two"]
        self.next(self.b_two)

    @step
    def b_two(self):
        self.path = [*self.path, "b_two"]
        self.next(self.join)

    @step
    def a_three(self):
        self.path = [*self.path, "a_three"]
        self.next(self.y_three)

    @step
    def y_three(self):
        self.path = [*self.path, "y_three"]
        self.next(self.x_three)

    @step
    def x_three(self):
        self.path = [*self.path, "x_three"]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.paths = sorted(i.path for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.paths)


if __name__ == "__main__":
    SplitUnequalFlow()
