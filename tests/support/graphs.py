"""Random graphs that Metaflow accepts, as data, and the strategy that draws them."""

from dataclasses import dataclass

from hypothesis import strategies as st


@dataclass(frozen=True)
class Step:
    """One step that leads to the next."""


@dataclass(frozen=True)
class Split:
    """Arms that all run, and their join."""

    arms: tuple["Sequence", ...]


@dataclass(frozen=True)
class Foreach:
    """A body that runs for each of `count` items, and its join."""

    count: int
    body: "Sequence"


@dataclass(frozen=True)
class Switch:
    """Arms of which one runs: number `chosen`, counted on by the index in a foreach.

    Attributes:
        arms: The arms; only with `meets` may one be empty.
        chosen: Which arm runs.
        meets: Whether the arms end in a step of the switch, or each leads on by itself.
    """

    arms: tuple["Sequence", ...]
    chosen: int
    meets: bool


@dataclass(frozen=True)
class Loop:
    """A step that runs `times` times after itself."""

    times: int


@dataclass(frozen=True)
class Nodes:
    """A foreach whose tasks Metaflow starts inside of one of them, or beside one.

    Attributes:
        count: How many there are.
        parallel: Whether they are of `@parallel`; else of Metaflow's example of another one.
    """

    count: int
    parallel: bool


Block = Step | Split | Foreach | Switch | Loop | Nodes
Sequence = tuple[Block, ...]


def tasks(block: Block | Sequence) -> int:
    """The most tasks that the block can make."""
    if isinstance(block, tuple):
        return sum(map(tasks, block))
    number = 1
    match block:
        case Split(arms):
            number = 2 + sum(map(tasks, arms))
        case Foreach(count, body):
            number = 2 + count * tasks(body)
        case Switch(arms, _, meets):
            number = 1 + max(map(tasks, arms)) + meets
        case Loop(times):
            number = times
        case Nodes(count, parallel):
            number = 2 + count + (not parallel)
    return number


@st.composite
def sequences(draw: st.DrawFn, budget: int, *, may_be_empty: bool = False) -> Sequence:
    """Blocks after one another that make no more than `budget` tasks."""
    blocks: list[Block] = []
    while budget > 0 and (not (blocks or may_be_empty) or draw(st.integers(0, 2))):
        block = draw(_blocks(budget))
        blocks.append(block)
        budget -= tasks(block)
    return tuple(blocks)


def graphs(most_tasks: int = 12) -> st.SearchStrategy[Sequence]:
    """What lies between the first and the last step of a flow.

    Args:
        most_tasks: The bound on tasks of a run, the first and the last included; 4 at least.
    """
    return sequences(most_tasks - 2)


def _blocks(budget: int) -> st.SearchStrategy[Block]:
    kinds: list[st.SearchStrategy[Block]] = [st.just(Step())]
    if budget >= 2:
        kinds.append(st.builds(Loop, st.integers(1, min(3, budget))))
    if budget >= 3:
        kinds.append(_switches(budget))
    if budget >= 4:
        kinds += [_splits(budget), _foreaches(budget)]
    if budget >= 5:
        kinds.append(st.builds(Nodes, st.just(2), st.booleans()))
    return st.one_of(kinds)


@st.composite
def _splits(draw: st.DrawFn, budget: int) -> Block:
    number = draw(st.integers(2, min(3, budget - 2)))
    share = (budget - 2) // number
    return Split(tuple(draw(sequences(share)) for _ in range(number)))


@st.composite
def _foreaches(draw: st.DrawFn, budget: int) -> Block:
    count = draw(st.integers(1, min(3, budget - 2)))
    return Foreach(count, draw(sequences((budget - 2) // count)))


@st.composite
def _switches(draw: st.DrawFn, budget: int) -> Block:
    number = draw(st.integers(2, 3))
    meets = draw(st.booleans())
    arms = tuple(draw(sequences(budget - 2, may_be_empty=meets)) for _ in range(number))
    return Switch(arms, draw(st.integers(0, number - 1)), meets)
