"""Three steps in a row, one with a docstring."""

import sys

from metaflow import FlowSpec, step


class LinearFlow(FlowSpec):
    """A flow with a docstring.

    Its second paragraph is indented as docstrings are.
    """

    constant = {"kept": ["as", "is"]}

    @step
    def start(self):
        """Begin."""
        self.path = ["start"]
        print("start to stdout")
        print("start to stderr", file=sys.stderr)
        self.next(self.middle)

    @step
    def middle(self):
        """
        Do the work.

            Indented further.
        """
        self.path = [*self.path, "middle"]
        self.seen = self.constant["kept"]
        print("several\nlines\n\nwith a blank one")
        print("no newline at the end", end="")
        self.next(self.end)

    @step
    def end(self):
        self.path = [*self.path, "end"]
        print("end to stdout")


if __name__ == "__main__":
    LinearFlow()
