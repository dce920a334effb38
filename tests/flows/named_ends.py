"""The first and last step carry other names than start and end."""

from metaflow import FlowSpec, step


class NamedEndsFlow(FlowSpec):
    @step(start=True)
    def begin(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.got = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.got = [i.got for i in inputs]
        self.next(self.finish)

    @step(end=True)
    def finish(self):
        print(self.got)


if __name__ == "__main__":
    NamedEndsFlow()
