"""A step that prints fifty megabytes without the end of a line, and one that prints all bytes."""

import sys

from metaflow import FlowSpec, step


class LongLineFlow(FlowSpec):
    @step
    def start(self):
        for _ in range(50):
            sys.stdout.write("x" * 1_000_000)
        self.next(self.end)

    @step
    def end(self):
        sys.stdout.buffer.write(bytes(range(256)) * 2 + b"\n")
        print("last")


if __name__ == "__main__":
    LongLineFlow()
