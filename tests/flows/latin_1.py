# -*- coding: latin-1 -*-
"""Source in latin-1, as its first line says: é."""

from metaflow import FlowSpec, step


class LatinFlow(FlowSpec):
    @step
    def start(self):
        self.word = "déjà vu"
        self.next(self.end)

    @step
    def end(self):
        print(self.word)


if __name__ == "__main__":
    LatinFlow()
