"""A foreach in each arm of a split."""

from metaflow import FlowSpec, step


class ForeachInSplitFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.letters, self.numbers)

    @step
    def letters(self):
        self.items = "ab"
        self.next(self.letter, foreach="items")

    @step
    def letter(self):
        self.got = self.input.upper()
        self.next(self.join_letters)

    @step
    def join_letters(self, inputs):
        self.gathered = [i.got for i in inputs]
        self.next(self.join)

    @step
    def numbers(self):
        self.items = [5, 6]
        self.next(self.number, foreach="items")

    @step
    def number(self):
        self.got = -self.input
        self.next(self.join_numbers)

    @step
    def join_numbers(self, inputs):
        self.gathered = [i.got for i in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.both = [inputs.join_letters.gathered, inputs.join_numbers.gathered]
        self.next(self.end)

    @step
    def end(self):
        print(self.both)


if __name__ == "__main__":
    ForeachInSplitFlow()
