"""Reads sys.argv and the environment when imported."""

import os
import sys

from metaflow import FlowSpec, step

COMMANDS = [a for a in sys.argv if a in ("run", "step")]
SETTING = os.environ.get("READ_AT_IMPORT", "not set")
if len(sys.argv) < 2:
    raise SystemExit("this file wants arguments")


class ReadsArgvFlow(FlowSpec):
    @step
    def start(self):
        self.commands = COMMANDS
        self.setting = SETTING
        self.next(self.end)

    @step
    def end(self):
        print(self.commands, self.setting)


if __name__ == "__main__":
    ReadsArgvFlow()
