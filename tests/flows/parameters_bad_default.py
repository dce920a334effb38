"""A parameter whose default function fails, so that no run begins."""

from metaflow import FlowSpec, Parameter, step


def fails(context):
    raise RuntimeError("no default today")


class ParametersBadDefaultFlow(FlowSpec):
    broken = Parameter("broken", default=fails)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.broken)


if __name__ == "__main__":
    ParametersBadDefaultFlow()
