"""What is to be reached, on two cores with nothing else to do."""

from dataclasses import dataclass

Medians = dict[str, dict[str, dict[str, float | None]]]  # by flow, column and figure


@dataclass(frozen=True)
class Target:
    """A figure and what it may be at most.

    Attributes:
        work: What is measured, in words.
        flow: The flow.
        figure: The figure of the column "prefect".
        limit: What it may be at most.
        of: The column that it is divided by, if any.
        scale: What one is of the figure's own unit.
        beside: What is taken off before dividing.
    """

    work: str
    flow: str
    figure: str
    limit: float
    of: str = ""
    scale: float = 1
    beside: float = 0

    def value(self, medians: Medians) -> float | None:
        """Return what was measured; None where it was not."""
        columns = medians.get(self.flow, {})
        value = columns.get("prefect", {}).get(self.figure)
        if value is None:
            return None
        if not self.of:
            return value / self.scale
        base = columns.get(self.of, {}).get(self.figure)
        return max(0.0, value - self.beside) / base if base else None


TARGETS = (
    Target("foreach 200 of native, wall", "foreach-200", "wall", 0.15, "native"),
    Target("foreach 1,000 of native, wall", "foreach-1000", "wall", 0.12, "native"),
    Target("foreach 200 of floor, all CPU", "foreach-200", "all_cpu", 0.6, "floor"),
    Target("foreach 1,000 of floor, all CPU", "foreach-1000", "all_cpu", 0.6, "floor"),
    Target("foreach 2,000, last step to end, s", "foreach-2000", "tail", 2),
    Target("linear 3 of native, wall", "linear-3", "wall", 1.2, "native"),
    Target("linear 20 of native, wall", "linear-20", "wall", 0.35, "native"),
    Target("20,000 lines less 3 s of native, wall", "lines-20000", "wall", 2, "native", beside=3),
    Target("32 x 10,000 lines of native, wall", "lines-32x10000", "wall", 2, "native"),
    Target("2,000,000 lines, MB of all processes", "lines-2000000", "memory", 200, scale=1e6),
    Target("first run with temporary server, s", "first-run", "wall", 12),
)
