"""A guard that calls a function which calls the flow."""

import sys

from metaflow import FlowSpec, step


class GuardFunctionFlow(FlowSpec):
    @step
    def start(self):
        self.x = helper(1)
        self.next(self.end)

    @step
    def end(self):
        print(self.x)


def main():
    flow = GuardFunctionFlow
    flow()


def helper(x):
    return x + 1


if "__main__" == __name__:
    sys.exit(main())
