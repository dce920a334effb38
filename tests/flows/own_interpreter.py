"""A decorator that chooses an interpreter for its step, and makes it first, as @conda does."""

import os
import sys
from functools import partial
from pathlib import Path

from metaflow import FlowSpec, plugins, retry, step
from metaflow.decorators import StepDecorator, _base_step_decorator

SCRIPT = """#!/bin/sh
OWN_INTERPRETER=yes exec "{python}" -X utf8 "$@"
"""


class OwnInterpreter(StepDecorator):
    name = "own_interpreter"

    def runtime_task_created(self, *_):
        self.interpreter = Path("interpreter").resolve()
        self.interpreter.write_text(SCRIPT.format(python=sys.executable))
        self.interpreter.chmod(0o755)

    def runtime_step_cli(self, cli_args, *_):
        cli_args.entrypoint[0] = str(self.interpreter)


plugins.STEP_DECORATORS.append(OwnInterpreter)
own_interpreter = partial(_base_step_decorator, OwnInterpreter)


class OwnInterpreterFlow(FlowSpec):
    @step
    def start(self):
        self.seen = [os.environ.get("OWN_INTERPRETER"), sys.flags.utf8_mode]
        self.next(self.own)

    @retry(times=1, minutes_between_retries=0)
    @own_interpreter
    @step
    def own(self):
        self.seen_here = [os.environ.get("OWN_INTERPRETER"), sys.flags.utf8_mode]
        self.next(self.end)

    @step
    def end(self):
        print(self.seen, self.seen_here)


if __name__ == "__main__":
    OwnInterpreterFlow()
