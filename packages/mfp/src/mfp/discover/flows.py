"""Tell flows from bases and from everything else."""

from collections.abc import Iterator
from dataclasses import dataclass

from mfp.discover.names.bindings import Class, Written
from mfp.discover.names.resolve import Lineage, Resolver
from mfp.discover.names.symbols import STEP, Metaflow


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a flow.

    Attributes:
        name: The method's name.
        start: Whether `@step(start=True)` marks it.
        end: Whether `@step(end=True)` marks it.
        certain: Whether the decorator is Metaflow's, rather than something else called `step`.
        decorators: Its other decorators.
        next: The steps that it goes on to.
    """

    name: str
    start: bool
    end: bool
    certain: bool
    decorators: tuple[str, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A class that may be a flow.

    Attributes:
        found: The class.
        lineage: Where it comes from.
        steps: Its own and inherited steps, in the order of the MRO.
        decorators: The decorators of the class, its bases and its steps.
    """

    found: Class
    lineage: Lineage
    steps: tuple[Step, ...]
    decorators: tuple[str, ...]

    @property
    def missing(self) -> str:
        """What its graph lacks, as Metaflow's `FlowGraph._identify_start_end` finds it."""
        if not self.steps:
            return "no steps"
        if len(self.steps) == 1:
            return ""
        names = {step.name for step in self.steps}
        for end, marked in (
            ("start", [step for step in self.steps if step.start]),
            ("end", [step for step in self.steps if step.end]),
        ):
            if len(marked) > 1:
                return f"more than one step marked with @step({end}=True)"
            if not marked and end not in names:
                return f"no {end} step"
        return ""

    @property
    def left_to_others(self) -> str:
        """A step that its steps go on to and that only a class which derives from it can have."""
        attributes = {member.name for one in self.lineage.order for member in one.members}
        if self.lineage.unknown:
            return ""
        unknown = [name for step in self.steps for name in step.next if name not in attributes]
        return f"no {unknown[0]} step" if unknown else ""


def examine(found: Class, resolver: Resolver) -> Candidate | None:
    """Look at a class with all that it inherits.

    Args:
        found: The class.
        resolver: Resolves its bases and decorators.

    Returns:
        The class with its steps; None if it has nothing to do with flows.
    """
    lineage = resolver.lineage(found)
    if not lineage.flow and not lineage.unknown:
        return None
    steps = tuple(_steps(lineage, resolver))
    if not lineage.flow and not any(step.certain for step in steps):
        return None
    names = {name for step in steps for name in step.decorators}
    for one in lineage.order:
        names.update(_name(decorator, one, resolver) for decorator in one.decorators)
    return Candidate(found, lineage, steps, tuple(sorted(names)))


def _steps(lineage: Lineage, resolver: Resolver) -> Iterator[Step]:
    """Give the steps that attribute look-up would find."""
    seen: set[str] = set()
    for owner in lineage.order:
        for member in owner.members:
            if member.name in seen:
                continue
            seen.add(member.name)
            marks = [
                (decorator, certain)
                for decorator in member.decorators
                if (certain := _is_step(decorator, owner, resolver)) is not None
            ]
            if not marks:
                continue
            others = [one for one in member.decorators if one not in [mark for mark, _ in marks]]
            yield Step(
                name=member.name,
                start=any("start" in mark.true for mark, _ in marks),
                end=any("end" in mark.true for mark, _ in marks),
                certain=any(certain for _, certain in marks),
                decorators=tuple(_name(one, owner, resolver) for one in others),
                next=member.next,
            )


def _is_step(decorator: Written, owner: Class, resolver: Resolver) -> bool | None:
    """Say whether a decorator is Metaflow's `step`, only looks like it, or is another."""
    symbol = resolver.expression(decorator.dotted, owner.path, owner.position)
    if isinstance(symbol, Metaflow):
        return True if symbol.name == STEP else None
    return False if decorator.dotted[-1:] == (STEP,) else None


def _name(decorator: Written, owner: Class, resolver: Resolver) -> str:
    """Name a decorator: Metaflow's by Metaflow's name, others as written."""
    symbol = resolver.expression(decorator.dotted, owner.path, owner.position)
    return symbol.name if isinstance(symbol, Metaflow) else decorator.text
