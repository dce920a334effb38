"""A flow whose folder and file have odd names; at import it prints and reads its arguments."""

import atexit
import sys

import neighbour

from metaflow import FlowSpec, step

COMMANDS = [word for word in sys.argv if word in ("run", "step")]
print("printed at import", len(sys.argv) > 1)
print("printed at import to stderr", file=sys.stderr)
atexit.register(print, "printed at exit")


class OddNameFlow(FlowSpec):
    @step
    def start(self):
        self.answer = neighbour.ANSWER
        self.commands = COMMANDS
        self.next(self.end)

    @step
    def end(self):
        print(self.answer, COMMANDS)


if __name__ == "__main__":
    OddNameFlow()
