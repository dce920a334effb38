"""Turns a random graph into the source of a flow whose artifacts record each task's path."""

from dataclasses import dataclass, field

from support.case import Case
from support.graphs import Foreach, Loop, Nodes, Sequence, Split, Step, Switch

HEAD = '''"""A random graph; the task whose number is in the file `fail_at` fails."""

import os
from pathlib import Path

from metaflow import FlowSpec, parallel, step, unbounded_test_foreach_internal
from metaflow.plugins import InternalTestUnboundedForeachInput
from metaflow.plugins import test_unbounded_foreach_decorator as example

example.print = lambda *_: None  # it prints the commands of its tasks, with their ids


def count():
    if not Path("fail_at").exists():
        return
    started = os.open("started", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(started, b".")
    if os.lseek(started, 0, os.SEEK_CUR) == int(Path("fail_at").read_text()):
        raise ValueError("asked to")


class {name}(FlowSpec):
'''
TAIL = """

if __name__ == "__main__":
    {name}()
"""


@dataclass
class _Exit:
    """A way out of a block: the transition of a step, or one case of its switch."""

    step: "_Step"
    case: int | None = None


@dataclass
class _Step:
    name: str
    lines: list[str] = field(default_factory=list)
    join: bool = False
    targets: list[str] = field(default_factory=list)
    foreach: str = ""
    decorators: tuple[str, ...] = ()
    cases: dict[int, str] | None = None

    def source(self) -> str:
        """The method's text."""
        arguments = "self, inputs" if self.join else "self"
        lines = [f"def {self.name}({arguments}):", "    count()"]
        lines += [f"    {line}" for line in self.lines]
        lines += [f"    self.next({self._next()})"] if self.targets or self.cases else []
        return "\n".join(f"    {line}" for line in [*self.decorators, "@step", *lines])

    def _next(self) -> str:
        if self.cases is not None:
            cases = ", ".join(f"{case}: self.{to}" for case, to in sorted(self.cases.items()))
            return f'{{{cases}}}, condition="case"'
        targets = ", ".join(f"self.{target}" for target in self.targets)
        return targets + self.foreach


def render(graph: Sequence, name: str = "RandomFlow") -> str:
    """The source of a flow file.

    Args:
        graph: What lies between the first and the last step.
        name: The name of the FlowSpec.
    """
    writer = _Writer()
    start = writer.step("start", "self.path = ['start']")
    exits = writer.sequence(graph, [_Exit(start)])
    end = writer.step("end", "self.path = [*self.path, 'end']", "print(self.path)")
    writer.lead(exits, end)
    body = "\n\n".join(one.source() for one in writer.steps)
    return HEAD.format(name=name) + body + "\n" + TAIL.format(name=name)


def case(graph: Sequence) -> Case:
    """A case that runs the graph."""
    source = render(graph)
    return Case(id="random", group="graph", file="random_flow.py", flow="RandomFlow", source=source)


class _Writer:
    def __init__(self) -> None:
        self.steps: list[_Step] = []

    def step(self, name: str, *lines: str) -> _Step:
        """A new step with these lines."""
        made = _Step(name, list(lines))
        self.steps.append(made)
        return made

    def plain(self, kind: str, *lines: str) -> _Step:
        """A new step that adds itself, and the index if it has one, to the path."""
        name = f"{kind}_{len(self.steps)}"
        return self.step(name, f"self.path = [*self.path, ({name!r}, self.index)]", *lines)

    def join(self) -> _Step:
        """A new join that gathers the paths of its inputs."""
        # sorted: the order of the inputs of a static join is not fixed
        line = "self.path = [sorted((i.path for i in inputs), key=repr)]"
        made = self.step(f"join_{len(self.steps)}", line)
        made.join = True
        return made

    def lead(self, exits: list[_Exit], to: _Step) -> None:
        """Let all these exits lead to one step."""
        for way in exits:
            source = way.step
            if way.case is None:
                source.targets.append(to.name)
            elif to.join:  # a case may not lead straight to a join
                between = self.plain("between")
                between.targets.append(to.name)
                self.lead([way], between)
            else:
                assert source.cases is not None
                source.cases[way.case] = to.name

    def sequence(self, blocks: Sequence, exits: list[_Exit]) -> list[_Exit]:
        """Write blocks after one another; give back the ways out of the last."""
        for block in blocks:
            match block:
                case Step():
                    one = self.plain("step")
                    self.lead(exits, one)
                    exits = [_Exit(one)]
                case Split():
                    exits = self._split(block, exits)
                case Foreach():
                    exits = self._foreach(block, exits)
                case Switch():
                    exits = self._switch(block, exits)
                case Loop():
                    exits = self._loop(block, exits)
                case Nodes():
                    exits = self._nodes(block, exits)
        return exits

    def _split(self, block: Split, exits: list[_Exit]) -> list[_Exit]:
        opening = self.plain("split")
        self.lead(exits, opening)
        ends = [end for arm in block.arms for end in self.sequence(arm, [_Exit(opening)])]
        return self._closed(ends)

    def _foreach(self, block: Foreach, exits: list[_Exit]) -> list[_Exit]:
        opening = self.plain("foreach", f"self.items = list(range({block.count}))")
        opening.foreach = ', foreach="items"'
        self.lead(exits, opening)
        return self._closed(self.sequence(block.body, [_Exit(opening)]))

    def _nodes(self, block: Nodes, exits: list[_Exit]) -> list[_Exit]:
        items = f"InternalTestUnboundedForeachInput(list(range({block.count})))"
        opening = self.plain("nodes", *([] if block.parallel else [f"self.items = {items}"]))
        number = f", num_parallel={block.count}"
        opening.foreach = number if block.parallel else ', foreach="items"'
        self.lead(exits, opening)
        node = self.plain("node")
        name = "parallel" if block.parallel else "unbounded_test_foreach_internal"
        node.decorators = (f"@{name}",)
        self.lead([_Exit(opening)], node)
        return self._closed([_Exit(node)])

    def _closed(self, ends: list[_Exit]) -> list[_Exit]:
        closing = self.join()
        self.lead(ends, closing)
        return [_Exit(closing)]

    def _switch(self, block: Switch, exits: list[_Exit]) -> list[_Exit]:
        number = len(block.arms)
        line = f"self.case = ({block.chosen} + (self.index or 0)) % {number}"
        choice = self.plain("switch", line)
        choice.cases = {}
        self.lead(exits, choice)
        starts = [_Exit(choice, case) for case in range(number)]
        ends = [
            end
            for start, arm in zip(starts, block.arms, strict=True)
            for end in self.sequence(arm, [start])
        ]
        if not block.meets:
            return ends
        meeting = self.plain("meet")
        self.lead(ends, meeting)
        return [_Exit(meeting)]

    def _loop(self, block: Loop, exits: list[_Exit]) -> list[_Exit]:
        number = len(self.steps)
        rounds = f"self.rounds_{number}"
        loop = self.plain(
            "loop",
            f'{rounds} = getattr(self, "rounds_{number}", 0) + 1',
            f"self.case = int({rounds} >= {block.times})",
        )
        loop.cases = {0: loop.name}
        self.lead(exits, loop)
        return [_Exit(loop, 1)]
