"""The first and last step are inherited from a base class in another module."""

from metaflow import step
from shared_steps.base import SharedBase


class InheritedElsewhereFlow(SharedBase):
    @step
    def work(self):
        self.path = [*self.path, "own work"]
        self.next(self.end)


if __name__ == "__main__":
    InheritedElsewhereFlow()
