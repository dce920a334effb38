"""A foreach in a foreach; one of its splits fails until there is a file "mended"."""

from pathlib import Path

from metaflow import FlowSpec, Parameter, current, step


class NestedFlow(FlowSpec):
    """Trains models of several countries."""

    who = Parameter("who", default="nobody", help="Who asks")
    alpha = Parameter("alpha", default=0.1, help="The learning rate")

    @step
    def start(self):
        self.countries = ["DE", "FR", "IT", "ES", "PL"]
        self.next(self.country, foreach="countries")

    @step
    def country(self):
        self.models = ["tree", "a|b", "`c`", "boost", "<b>net</b>", "[x](y)"]
        self.here = self.input
        self.next(self.evaluate, foreach="models")

    @step
    def evaluate(self):
        scores = dict.fromkeys(self.models, 1)
        if current.task_id == "evaluate-2-3" and not Path("mended").exists():
            del scores["boost"]
        self.score = scores[self.input]
        self.next(self.best)

    @step
    def best(self, inputs):
        self.scores = [split.score for split in inputs]
        self.next(self.total)

    @step
    def total(self, inputs):
        self.sum = sum(sum(country.scores) for country in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("score", self.sum)


if __name__ == "__main__":
    NestedFlow()
