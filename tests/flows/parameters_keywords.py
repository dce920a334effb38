"""Parameters named as Python's keywords and constants."""

from metaflow import FlowSpec, Parameter, step


class ParametersKeywordsFlow(FlowSpec):
    a = Parameter("lambda", default=1)
    b = Parameter("class", default="klass")
    c = Parameter("None", default="none")
    d = Parameter("True", default=False)
    e = Parameter("async", default=0.5)
    f = Parameter("import", default="x")
    match = Parameter("match", default="soft keyword")
    type = Parameter("type", default="soft keyword too")
    print = Parameter("print", default="a builtin")

    @step
    def start(self):
        self.got = [self.a, self.b, self.c, self.d, self.e, self.f]
        self.soft = [self.match, self.type, self.print]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ParametersKeywordsFlow()
