"""Parameters declared in an order that is not alphabetical, used by a foreach and a switch."""

from metaflow import FlowSpec, JSONType, Parameter, step


class ParametersOrderFlow(FlowSpec):
    zebra = Parameter("zebra", default="z")
    items = Parameter("items", type=JSONType, default="[3, 1]")
    apple = Parameter("apple", default="on")

    @step
    def start(self):
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.got = (self.zebra, self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.gathered = [i.got for i in inputs]
        self.next(self.choose)

    @step
    def choose(self):
        self.next({"on": self.more, "off": self.end}, condition="apple")

    @step
    def more(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.gathered)


if __name__ == "__main__":
    ParametersOrderFlow()
