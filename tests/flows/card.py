"""Cards: the default one, several with ids and components, in a foreach, and one that fails."""

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, Table


class CardFlow(FlowSpec):
    @card
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @card(type="blank", id="first")
    @card(type="blank", id="second")
    @step
    def body(self):
        current.card["first"].append(Markdown(f"# item {self.input}"))
        current.card["second"].append(Table([["a", self.input]]))
        self.next(self.join)

    @card(type="no_such_type")
    @step
    def join(self, inputs):
        self.next(self.end)

    @card(type="blank")
    @step
    def end(self):
        current.card.append(Markdown("the end"))


if __name__ == "__main__":
    CardFlow()
