"""Prints at import, to both streams, and when it ends."""

import atexit
import sys

from metaflow import FlowSpec, step

print("printed at import")
print("printed at import to stderr", file=sys.stderr)
atexit.register(print, "printed at exit")


class PrintsAtImportFlow(FlowSpec):
    @step
    def start(self):
        print("in the step")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PrintsAtImportFlow()
