"""The smallest useful flow: three steps, one after the other.

Run it with Metaflow alone:  python linear.py run
Run it through Prefect:      python linear.py prefect run
"""

from metaflow import FlowSpec, step


class LinearFlow(FlowSpec):
    """Make some numbers, add them up, print the result."""

    @step
    def start(self):
        """Every flow begins here. What is put on `self` is kept for the next steps."""
        self.numbers = [1, 2, 3, 4]
        self.next(self.add)

    @step
    def add(self):
        """Steps run in processes of their own; Metaflow carries `self.numbers` over."""
        self.total = sum(self.numbers)
        self.next(self.end)

    @step
    def end(self):
        """Every flow ends here."""
        print(f"the numbers {self.numbers} add up to {self.total}")


if __name__ == "__main__":
    LinearFlow()
