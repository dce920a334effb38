"""Needs parameters of several kinds; fails as long as a file says so."""

from pathlib import Path

from metaflow import FlowSpec, IncludeFile, Parameter, step


class NeedsFlow(FlowSpec):
    n = Parameter("n", type=int, required=True)
    file = IncludeFile("file", required=True)
    words = Parameter("words", separator=",", required=True)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        if Path("broken").exists():
            raise ValueError("asked to")
        print("got", self.n, self.file, self.words)


if __name__ == "__main__":
    NeedsFlow()
