"""from __future__ import annotations, typed steps and decorated helpers."""

from __future__ import annotations

from metaflow import FlowSpec, Parameter, step


class FutureAnnotationsFlow(FlowSpec):
    size: int = Parameter("size", default=2)
    total: int

    @step
    def start(self) -> None:
        self.items: list[int] = list(range(self.size))
        self.next(self.body, foreach="items")

    @step
    def body(self) -> None:
        self.half: float = self.input / 2
        self.next(self.join)

    @step
    def join(self, inputs: list[FutureAnnotationsFlow]) -> None:
        self.total = sum(i.half for i in inputs)
        self.next(self.end)

    @step
    def end(self) -> None:
        print(self.total)


if __name__ == "__main__":
    FutureAnnotationsFlow()
