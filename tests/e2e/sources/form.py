"""A parameter of each kind that a form can have a field for."""

from metaflow import FlowSpec, IncludeFile, JSONType, Parameter, step
from metaflow._vendor import click

NAMES = "size color table file count rate deep quick made number nothing who many".split()


def made(context):
    return f"made for {context.flow_name}"


def number(context):
    return 12


class FormFlow(FlowSpec):
    """All that a form can hold."""

    size = Parameter("size", default="large", help="The first one in the flow")
    color = Parameter("color", type=click.Choice(["red", "green"]), default="red")
    table = Parameter("table", type=JSONType, default='{"a": [1, null]}')
    file = IncludeFile("file", default="form.py", help="What is read")
    count = Parameter("count", type=int, required=True, help="How many")
    rate = Parameter("rate", default=0.5)
    deep = Parameter("deep", default=False)
    quick = Parameter("quick", is_flag=True, default=False)
    made = Parameter("made", default=made, help="Who it is for")
    number = Parameter("number", type=int, default=number)
    nothing = Parameter("nothing", type=int)
    who = Parameter("who", required=True)
    many = Parameter("many", multiple=True, type=int, default=[1, 2])

    @step
    def start(self):
        """Takes what was given."""
        self.got = {name: getattr(self, name) for name in NAMES}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FormFlow()
