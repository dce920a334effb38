"""The flows that are measured, as source, and what Prefect's floor of each is."""

from dataclasses import dataclass, replace
from importlib.util import find_spec

DEFAULT = (
    "linear-3",
    "linear-20",
    "branches",
    "nested",
    "numpy",
    "foreach-50",
    "foreach-200",
    "foreach-1000",
    "foreach-2000",
    "dask-1000",
    "lines-20000",
    "lines-32x10000",
    "lines-2000000",
    "first-run",
)
HEAD = "from metaflow import FlowSpec, step\n\n\nclass BenchFlow(FlowSpec):\n"
TAIL = '\n\nif __name__ == "__main__":\n    BenchFlow()\n'


@dataclass(frozen=True)
class BenchFlow:
    """A flow to measure.

    Attributes:
        source: The text of its file.
        stages: Its tasks, as the arguments of `floor.py` after the first.
        splits: How many tasks its widest foreach makes.
        columns: The ways of running it that are measured; the usual ones if there are none.
        has_server: Whether the Prefect server is up; else a run starts the temporary one.
    """

    source: str
    stages: tuple[str, ...]
    splits: int = 1
    columns: tuple[str, ...] = ()
    has_server: bool = True


def bench_flow(name: str) -> BenchFlow | None:
    """Make the flow of a name such as "linear-20".

    Returns:
        The flow; None if what it needs is not installed.

    Raises:
        ValueError: There is no flow of that name.
    """
    kind, _, size = name.partition("-")
    if kind == "linear" and size.isdecimal() and int(size) >= 2:
        return _linear(int(size))
    if kind == "dask" and size.isdecimal():
        flow = replace(_foreach(int(size)), columns=("prefect", "dask"))
        return flow if find_spec("prefect_dask") else None
    if kind == "foreach" and size.isdecimal():
        # natively it would take the better part of an hour
        columns = ("prefect",) if int(size) >= 2000 else ()
        return replace(_foreach(int(size)), columns=columns)
    if kind == "lines":
        splits, _, lines = size.rpartition("x")
        if (splits or "1").isdecimal() and lines.isdecimal():
            return _lines(int(splits or 1), int(lines))
    if name == "first-run":
        return replace(_linear(3), columns=("prefect",), has_server=False)
    named = {"branches": _branches, "nested": _nested, "numpy": _numpy}
    if name in named:
        return named[name]() if name != "numpy" or find_spec("numpy") else None
    raise ValueError(f"no flow is called {name}")


def _flow(*steps: str) -> str:
    return HEAD + "\n".join(steps) + TAIL


def _step(name: str, *body: str, inputs: bool = False) -> str:
    lines = ["    @step", f"    def {name}(self{', inputs' if inputs else ''}):"]
    return "\n".join([*lines, *(f"        {line}" for line in body)]) + "\n"


def _linear(length: int) -> BenchFlow:
    names = ["start", *(f"step_{number}" for number in range(1, length - 1)), "end"]
    steps = [
        _step(name, f"self.x = {place}", f"self.next(self.{names[place + 1]})")
        for place, name in enumerate(names[:-1])
    ]
    return BenchFlow(_flow(*steps, _step("end", "print(self.x)")), ("1x0",) * length)


def _foreach(width: int) -> BenchFlow:
    items = f"self.items = list(range({width}))"
    source = _flow(
        _step("start", items, "self.next(self.body, foreach='items')"),
        _step("body", "self.x = self.input", "self.next(self.join)"),
        _step("join", "self.n = sum(i.x for i in inputs)", "self.next(self.end)", inputs=True),
        _step("end", "print(self.n)"),
    )
    return BenchFlow(source, ("1x0", f"{width}x0", "1x0", "1x0"), width)


def _lines(width: int, lines: int) -> BenchFlow:
    source = _flow(
        _step(
            "start",
            f"self.items = list(range({width}))",
            "self.next(self.body, foreach='items')",
        ),
        _step(
            "body",
            f"for number in range({lines}):",
            "    print('line', number, 'of what a step prints while it works')",
            "self.next(self.join)",
        ),
        _step("join", "self.next(self.end)", inputs=True),
        _step("end", "pass"),
    )
    columns = ("prefect",) if lines >= 1_000_000 else ("native", "prefect")
    return BenchFlow(source, (), width, columns)


def _branches() -> BenchFlow:
    names = ("one", "two", "three")
    sleep = ("import time", "time.sleep(2)", "self.next(self.join)")
    source = _flow(
        _step("start", f"self.next({', '.join(f'self.{name}' for name in names)})"),
        *(_step(name, *sleep) for name in names),
        _step("join", "self.next(self.end)", inputs=True),
        _step("end", "pass"),
    )
    return BenchFlow(source, ("1x0", "3x2", "1x0", "1x0"))


def _nested() -> BenchFlow:
    source = _flow(
        _step("start", "self.items = list(range(10))", "self.next(self.outer, foreach='items')"),
        _step("outer", "self.more = list(range(10))", "self.next(self.inner, foreach='more')"),
        _step("inner", "self.x = self.input", "self.next(self.inner_join)"),
        _step("inner_join", "self.n = len(list(inputs))", "self.next(self.join)", inputs=True),
        _step("join", "self.n = sum(i.n for i in inputs)", "self.next(self.end)", inputs=True),
        _step("end", "print(self.n)"),
    )
    return BenchFlow(source, ("1x0", "10x0", "100x0", "10x0", "1x0", "1x0"), 10)


def _numpy() -> BenchFlow:
    work = ("import numpy", "self.x = float(numpy.arange(10).sum())")
    source = _flow(
        _step("start", "self.next(self.work)"),
        _step("work", *work, "self.next(self.end)"),
        _step("end", "print(self.x)"),
    )
    return BenchFlow(source, ("1x0",) * 3)
