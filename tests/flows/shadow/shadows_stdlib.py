"""A flow beside a module that bears the name of one in the standard library."""

import colorsys

from metaflow import FlowSpec, step


class ShadowsStdlibFlow(FlowSpec):
    @step
    def start(self):
        self.mine = getattr(colorsys, "MINE", False)
        self.next(self.end)

    @step
    def end(self):
        print(self.mine)


if __name__ == "__main__":
    ShadowsStdlibFlow()
