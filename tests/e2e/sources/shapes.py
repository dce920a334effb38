"""Every shape of a graph in a row; fails where a file says so."""

from pathlib import Path

from metaflow import FlowSpec, current, parallel, step


def fail(place):
    broken = Path("broken")
    if broken.exists() and broken.read_text() == place:
        raise ValueError("asked to")


class ShapesFlow(FlowSpec):
    @step
    def start(self):
        self.arm = "b"
        self.next({"a": self.a, "b": self.b}, condition="arm")

    @step
    def a(self):
        self.next(self.loop)

    @step
    def b(self):
        self.rounds = 0
        self.next(self.loop)

    @step
    def loop(self):
        self.rounds += 1
        self.again = "yes" if self.rounds < 3 else "no"
        if self.rounds == 2:
            fail("loop")
        self.next({"yes": self.loop, "no": self.nodes_begin}, condition="again")

    @step
    def nodes_begin(self):
        self.next(self.nodes, num_parallel=2)

    @parallel
    @step
    def nodes(self):
        self.node = current.parallel.node_index
        self.next(self.nodes_end)

    @step
    def nodes_end(self, inputs):
        self.nodes_seen = sorted(i.node for i in inputs)
        self.next(self.outer_begin)

    @step
    def outer_begin(self):
        self.outer_items = ["x", "y"]
        self.next(self.outer, foreach="outer_items")

    @step
    def outer(self):
        self.letter = self.input
        self.inner_items = [1, 2]
        self.next(self.inner, foreach="inner_items")

    @step
    def inner(self):
        self.word = f"{self.letter}{self.input}"
        if self.word == "y1":
            fail("inner")
        self.next(self.inner_end)

    @step
    def inner_end(self, inputs):
        self.words = [i.word for i in inputs]
        self.letter = inputs[0].letter
        self.next(self.sides)

    @step
    def sides(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = "left"
        if self.letter == "y":
            fail("left")
        self.next(self.meet)

    @step
    def right(self):
        self.side = "right"
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.sides = sorted(i.side for i in inputs)
        self.words = inputs.left.words
        self.next(self.outer_end)

    @step
    def outer_end(self, inputs):
        self.words = [i.words for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print("words", self.words)


if __name__ == "__main__":
    ShapesFlow()
