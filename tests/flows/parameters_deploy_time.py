"""Parameters whose defaults are functions."""

import json

from metaflow import FlowSpec, JSONType, Parameter, step


def name_it(context):
    return f"{context.flow_name} {context.parameter_name} {context.user_name} {context.ds_type}"


def count(context):
    return 12


def flag(context):
    return True


def table(context):
    return json.dumps({"made": context.parameter_name})


class ParametersDeployTimeFlow(FlowSpec):
    text = Parameter("text", default=name_it)
    number = Parameter("number", type=int, default=count)
    switched = Parameter("switched", type=bool, default=flag)
    tabular = Parameter("tabular", type=JSONType, default=table)

    @step
    def start(self):
        self.got = [self.text, self.number, self.switched, self.tabular]
        self.next(self.end)

    @step
    def end(self):
        print(self.got)


if __name__ == "__main__":
    ParametersDeployTimeFlow()
