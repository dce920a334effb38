"""A foreach inside a foreach, with other numbers of splits in each."""

from metaflow import FlowSpec, step


class ForeachNestedTwoFlow(FlowSpec):
    @step
    def start(self):
        self.outer = [1, 2]
        self.next(self.open_inner, foreach="outer")

    @step
    def open_inner(self):
        self.factor = self.input
        self.inner = list(range(self.input))
        self.next(self.body, foreach="inner")

    @step
    def body(self):
        self.product = (self.factor, self.input)
        self.stack = self.foreach_stack()
        print(self.product)
        self.next(self.close_inner)

    @step
    def close_inner(self, inputs):
        self.products = [i.product for i in inputs]
        self.merge_artifacts(inputs, include=["factor"])
        self.next(self.close_outer)

    @step
    def close_outer(self, inputs):
        self.all_products = {i.factor: i.products for i in inputs}
        self.next(self.end)

    @step
    def end(self):
        print(self.all_products)


if __name__ == "__main__":
    ForeachNestedTwoFlow()
