"""Artifacts of classes of this file, pickled by reference to __main__, and a lambda in a module variable."""

import functools

from metaflow import FlowSpec, step

SCALE = functools.partial(pow, 2)


class Box:
    def __init__(self, content):
        self.content = content

    def __repr__(self):
        return f"Box({self.content!r})"

    def __eq__(self, other):
        return isinstance(other, Box) and other.content == self.content

    class Inner:
        kind = "inner"


def make():
    return Box([1, 2])


class ClosuresFlow(FlowSpec):
    @step
    def start(self):
        self.box = make()
        self.function = make  # functions are never stored as artifacts
        self.partial = SCALE
        self.nested = Box.Inner
        self.items = [Box(1), Box(2)]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.inner = self.input.content
        self.next(self.join)

    @step
    def join(self, inputs):
        self.boxes = [i.box for i in inputs]
        self.same = self.boxes[0] == make()
        self.next(self.end)

    @step
    def end(self):
        print(self.boxes, self.same)


if __name__ == "__main__":
    ClosuresFlow()
