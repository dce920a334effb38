"""A parameter of each kind, with a default of that kind."""

import sys

from metaflow import FlowSpec, JSONType, Parameter, step


class ParametersKindsFlow(FlowSpec):
    integer = Parameter("integer", default=-3, help="A whole number, 100% of it.")
    real = Parameter("real", default=1e-5)
    text = Parameter("text", default='it\'s "quoted" \\ and\ttabbed')
    empty = Parameter("empty", default="")
    unicode = Parameter("unicode", default="žluťoučký \U0001f40d")
    yes = Parameter("yes", default=True)
    no = Parameter("no", default=False)
    nothing = Parameter("nothing")
    no_integer = Parameter("no_integer", type=int)
    no_real = Parameter("no_real", type=float)
    no_flag = Parameter("no_flag", type=bool)
    json_text = Parameter("json_text", type=JSONType, default='{"a": [1, null, "é"]}')
    json_null = Parameter("json_null", type=JSONType)
    json_value = Parameter("json_value", type=JSONType, default={"b": {"c": [True]}})
    words = Parameter("words", default="one,two,three", separator=",")
    no_words = Parameter("no_words", separator="|")
    hidden_default = Parameter("hidden_default", default=7, show_default=False)

    @step
    def start(self):
        names = """integer real text empty unicode yes no nothing no_integer no_real no_flag
            json_text json_null json_value words no_words hidden_default""".split()
        self.values = {name: getattr(self, name) for name in names}
        self.types = {name: type(value).__name__ for name, value in self.values.items()}
        for name, value in self.values.items():
            print(name, repr(value))
        print(self.unicode, file=sys.stderr)
        self.next(self.end)

    @step
    def end(self):
        self.again = [self.integer, self.words]


if __name__ == "__main__":
    ParametersKindsFlow()
