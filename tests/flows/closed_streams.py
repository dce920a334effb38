"""A step that closes its streams, one that closes its files, and one that does without streams."""

import os
import sys

from metaflow import FlowSpec, step


class ClosedStreamsFlow(FlowSpec):
    @step
    def start(self):
        print("before", flush=True)
        sys.stdout.close()
        sys.stderr.close()
        self.next(self.descriptors)

    @step
    def descriptors(self):
        print("before", flush=True)
        for number in (0, 1, 2):
            os.close(number)
        self.next(self.end)

    @step
    def end(self):
        sys.stdout = sys.stderr = sys.stdin = None
        self.done = True


if __name__ == "__main__":
    ClosedStreamsFlow()
