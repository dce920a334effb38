"""An unbounded foreach that is no @parallel: Metaflow's own example of one."""

from metaflow import FlowSpec, step, unbounded_test_foreach_internal
from metaflow.plugins import InternalTestUnboundedForeachInput
from metaflow.plugins import test_unbounded_foreach_decorator as example

example.print = lambda *_: None  # it prints the commands of its tasks, with their ids


class UnboundedForeachFlow(FlowSpec):
    @step
    def start(self):
        self.items = InternalTestUnboundedForeachInput(["a", "b", "c"])
        self.next(self.body, foreach="items")

    @unbounded_test_foreach_internal
    @step
    def body(self):
        self.word = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.words = [i.word for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.words)


if __name__ == "__main__":
    UnboundedForeachFlow()
