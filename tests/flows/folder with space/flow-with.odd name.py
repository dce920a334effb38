"""A flow whose folder and file have spaces, a hyphen and a dot in their names; it imports a neighbour."""

import neighbour

from metaflow import FlowSpec, step


class OddNameFlow(FlowSpec):
    @step
    def start(self):
        self.answer = neighbour.ANSWER
        self.next(self.end)

    @step
    def end(self):
        print(self.answer)


if __name__ == "__main__":
    OddNameFlow()
