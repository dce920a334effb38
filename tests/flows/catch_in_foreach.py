"""@catch in a foreach: the join sees which splits failed."""

from metaflow import FlowSpec, catch, step


class CatchInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 0]
        self.next(self.body, foreach="items")

    @catch(var="problem", print_exception=False)
    @step
    def body(self):
        self.quotient = 1 / self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.problems = [i.problem and i.problem.type for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.problems)


if __name__ == "__main__":
    CatchInForeachFlow()
