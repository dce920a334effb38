"""Leaves behind something for each of Metaflow's commands to show."""

import sys

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class ToldFlow(FlowSpec):
    @card(type="blank", id="first")
    @card(type="blank", id="second")
    @step
    def start(self):
        current.card["first"].append(Markdown("# in the card"))
        self.items = ["a", "b"]
        print("said: é")
        print("complained", file=sys.stderr)
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.word = self.input * 3
        print("in", self.word)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.words = [i.word for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ToldFlow()
