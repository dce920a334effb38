"""Steps named as soft keywords of Python, and one named self."""

from metaflow import FlowSpec, step


class KeywordStepFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.match)

    @step
    def match(self):
        self.next(self.type)

    @step
    def type(self):
        self.next(self.self)

    @step
    def self(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    KeywordStepFlow()
