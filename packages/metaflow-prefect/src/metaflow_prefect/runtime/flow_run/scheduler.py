"""Which task runs when: driven by what each finished task says comes next.

Nothing here knows Prefect or Metaflow's internals. The rules are those of Metaflow's
own scheduler (`NativeRuntime._queue_tasks` in `metaflow/runtime.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

from ..facts import Step

Token = TypeVar("Token")  # whatever stands for a finished task to the caller


class RunProblem(Exception):
    """What ends a run, or keeps it from beginning; the message says all of it."""


class RunFailure(RunProblem):
    """A Metaflow run cannot go on.

    Args:
        reason: What happened, in a sentence.
        step: The step that it happened in.
        task_id: The Metaflow task that it happened in.
        said: Whether the task itself has said so.
    """

    def __init__(
        self, reason: str, step: str = "", task_id: str = "", *, said: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.step = step
        self.task_id = task_id
        self.said = said
        self.place = ""  # of the task in the run
        self.remedy = ""  # the command that goes on with the run
        self.advice = ""  # what Prefect's pages say instead of it


class Unit(Generic[Token]):
    """One Metaflow task to run.

    Its id says where in the run it is, so that it is the same whenever this run is
    tried again.
    """

    def __init__(
        self,
        step: str,
        indices: tuple[int, ...] = (),
        *,
        iteration: int | None = None,
        inputs: Sequence[tuple[str, Token]] = (),
        values: tuple[str | None, ...] = (),
        variables: tuple[str, ...] = (),
        extras: Mapping[str, Any] | None = None,
    ) -> None:
        self.step = step
        self.indices = indices
        self.iteration = iteration
        self.inputs = inputs
        # What its foreaches go over, and the values that it stands for, by level.
        self.variables = variables
        self.values = values
        self.extras = extras or {}
        self.run: Any = None

    @property
    def task_id(self) -> str:
        """The id of the Metaflow task; never a plain number, which Metaflow gives."""
        if "node_path" in self.extras:
            return str(self.extras["node_path"]).rpartition("/")[2]
        parts = [self.step, *map(str, self.indices)]
        if self.iteration is not None:
            parts.append(f"i{self.iteration}")
        return "-".join(parts)

    @property
    def searched_name(self) -> str:
        """The name of its task run: Prefect's pages search in nothing else.

        So it has the id of the Metaflow task as well, unless that is the step's name.
        """
        return str(self) if self.task_id == self.step else f"{self} ({self.task_id})"

    @property
    def index(self) -> str:
        """The name of this place in a run, as Metaflow writes it."""
        indices = ",".join(map(str, self.indices))
        iteration = "" if self.iteration is None else str(self.iteration)
        return f"{self.step}[{indices}][{iteration}]"

    @property
    def place(self) -> str:
        """Where in the run it is, as `evaluate[2,3]`."""
        name = self.step
        if self.indices:
            name += f"[{','.join(map(str, self.indices))}]"
        return name if self.iteration is None else f"{name} #{self.iteration}"

    def __str__(self) -> str:
        """Return its name everywhere: its place and the values of its foreaches."""
        if not any(self.values):
            return self.place
        values = "/".join(value or "\u2026" for value in self.values)
        return f"{self.place} {values}"


@dataclass(frozen=True)
class Finish:
    """What a finished task says about itself and what comes next."""

    path: str
    next_steps: Sequence[str]
    foreach: str | None = None
    num_splits: int | None = None
    values: Sequence[str | None] | None = None
    unbounded: bool = False
    control_is_mapper: bool = False
    mapper_paths: Sequence[str] | None = None
    caught: Mapping[str, str | None] | None = None
    artifacts: Sequence[Mapping[str, Any]] | None = None


class Scheduler(Generic[Token]):
    """Keeps the tasks that can run, and learns which come next from those that ran.

    Args:
        start: The first step.
        steps: The graph's steps by name.
        max_num_splits: How many tasks a foreach may make.
    """

    def __init__(
        self, start: str, steps: Mapping[str, Step], max_num_splits: int
    ) -> None:
        self._start = start
        self._steps = steps
        self._order = {name: place for place, name in enumerate(steps)}
        self._max_num_splits = max_num_splits
        self._ready: deque[Iterator[Unit[Token]]] = deque()
        # Inputs of joins, with their order; there may be very many.
        self._arrivals: dict[
            tuple[str, tuple[int, ...]], list[tuple[int, str, Token]]
        ] = {}
        self._splits: dict[tuple[str, tuple[int, ...]], int] = {}
        self._end_path: str | None = None

    def begin(self, parameters_path: str) -> None:
        """Make the first task ready, which reads the parameters from the given path."""
        extras = {"input_paths": [parameters_path]}
        self._push(self._next_unit(Unit(self._start), self._start, (), extras=extras))

    def next_ready(self) -> Unit[Token] | None:
        """Return a task that can run now, the longest waiting first."""
        while self._ready:
            unit = next(self._ready[0], None)
            if unit is not None:
                return unit
            self._ready.popleft()
        return None

    def finished(self, unit: Unit[Token], finish: Finish, token: Token) -> None:
        """Take note that a task has finished well.

        Args:
            unit: The task.
            finish: What it said.
            token: What stands for it among the inputs of the tasks that follow.

        Raises:
            RunFailure: It goes on in a way that the graph does not have.
        """
        facts = self._steps[unit.step]
        arrival = (unit, finish.path, token)
        if "node_path" in unit.extras:
            # Whatever it said; natively only the first node's transition counts.
            self._arrive(facts.next[0], arrival, finish)
            return
        self._check_transition(unit, finish)
        if facts.kind == "end":
            self._end_path = finish.path
        elif any(self._steps[name].kind == "join" for name in finish.next_steps):
            self._arrive(finish.next_steps[0], arrival, finish)
        elif finish.foreach and finish.unbounded:
            self._push_control(arrival, finish)
        elif finish.foreach:
            self._push_splits(arrival, finish)
        else:
            for name in finish.next_steps:
                inputs = [(finish.path, token)]
                self._push(self._next_unit(unit, name, unit.indices, inputs=inputs))

    def end_path(self) -> str:
        """Return the path of the end step's task, when no task is left.

        Raises:
            RunFailure: That step has not been reached.
        """
        if self._end_path is not None:
            return self._end_path
        waiting = ", ".join(
            f"{join} (has {len(arrivals)} of its inputs)"
            for (join, _), arrivals in self._arrivals.items()
        )
        raise RunFailure(
            "No task is left to run, but the last step has not been reached"
            + (f"; still waiting: {waiting}." if waiting else ".")
            + " Make this file again from the flow as it is now."
        )

    def _push(self, unit: Unit[Token]) -> None:
        self._ready.append(iter((unit,)))

    def _next_unit(
        self,
        unit: Unit[Token],
        name: str,
        indices: tuple[int, ...],
        *,
        inputs: Sequence[tuple[str, Token]] = (),
        extras: Mapping[str, Any] | None = None,
    ) -> Unit[Token]:
        """Make the task that follows another, counting rounds where a step loops.

        As in Metaflow, a loop right after another one goes on with its count.
        """
        iteration = None
        if name in self._steps[name].next:
            iteration = 0 if unit.iteration is None else unit.iteration + 1
        values = unit.values[: len(indices)]
        return Unit(
            name,
            indices,
            iteration=iteration,
            inputs=inputs,
            values=values,
            variables=unit.variables[: len(indices)],
            extras=extras,
        )

    def _check_transition(self, unit: Unit[Token], finish: Finish) -> None:
        facts = self._steps[unit.step]
        actual, expected = tuple(finish.next_steps), tuple(facts.next)
        if facts.kind == "switch":
            fits = len(actual) == 1 and actual[0] in expected
        else:
            fits = actual == expected
        if not fits:
            raise RunFailure(
                f"Based on static analysis of the code, step {unit.step} was expected "
                f"to transition to {', '.join(expected) or 'no step'}, but "
                f"self.next() was called with {', '.join(actual) or 'none'}. Make "
                "sure that there is only one unconditional self.next() call at the "
                "end of the step, and that this file was made from the flow as it is "
                "now.",
                unit.step,
                unit.task_id,
            )

    def _push_splits(self, arrival: Arrival[Token], finish: Finish) -> None:
        unit, path, token = arrival
        count = finish.num_splits or 0
        if count > self._max_num_splits:
            raise RunFailure(
                f"Foreach in step {unit.step} yielded {count} child steps which is "
                f"more than the current maximum of {self._max_num_splits} children. "
                "You can raise the maximum with the --max-num-splits option.",
                unit.step,
                unit.task_id,
            )
        (name,) = finish.next_steps
        self._splits[unit.step, unit.indices] = count
        values = finish.values or ()

        def splits() -> Iterator[Unit[Token]]:
            for index in range(count):
                extras = {"split_index": str(index), "input_paths": [path]}
                child = self._next_unit(unit, name, (*unit.indices, index))
                child.inputs = [(path, token)]
                child.extras = extras
                value = values[index] if index < len(values) else None
                child.values = (*unit.values, value)
                child.variables = (*unit.variables, finish.foreach or "")
                yield child

        self._ready.append(splits())

    def _push_control(self, arrival: Arrival[Token], finish: Finish) -> None:
        """Push the one task that starts its siblings itself (`@parallel`)."""
        unit, path, token = arrival
        (name,) = finish.next_steps
        child = self._next_unit(unit, name, (*unit.indices, 0))
        child.inputs = [(path, token)]
        child.values = (*unit.values, None)
        child.variables = (*unit.variables, finish.foreach or "")
        child.extras = {"ubf_context": "ubf_control"}
        self._push(child)

    def _push_nodes(self, arrival: Arrival[Token], finish: Finish) -> None:
        """Push the siblings that a control task has started and awaited itself.

        They have run already; this gives each a place among the runs that are seen.
        """
        unit, _, _ = arrival
        for index, path in enumerate(finish.mapper_paths or ()):
            if index or not finish.control_is_mapper:
                indices = (*unit.indices[:-1], index)
                extras = {"node_path": path}
                node = Unit(unit.step, indices, inputs=unit.inputs, extras=extras)
                node.values, node.variables = unit.values, unit.variables
                self._push(node)

    def _arrive(self, join: str, arrival: Arrival[Token], finish: Finish) -> None:
        """Count an input of a join; the last one makes the join ready."""
        unit, path, token = arrival
        closes = self._steps[join].closes or ""
        indices = unit.indices
        if finish.mapper_paths is not None and "ubf_context" in unit.extras:
            self._splits[closes, indices[:-1]] = len(finish.mapper_paths)
            self._push_nodes(arrival, finish)
            if not finish.control_is_mapper:
                return
        if self._steps[closes].kind == "foreach":
            *outer, order = unit.indices
            indices = tuple(outer)
            required = self._splits[closes, indices]
            kind = "foreach"
        else:
            order = self._order[unit.step]
            required = len(self._steps[closes].next)
            kind = "linear"
        arrivals = self._arrivals.setdefault((join, indices), [])
        arrivals.append((order, path, token))
        if len(arrivals) < required:
            return
        del self._arrivals[join, indices]
        if kind == "foreach":
            del self._splits[closes, indices]
        arrivals.sort(key=itemgetter(0))
        joined = Unit(
            join,
            indices,
            inputs=[(path, token) for _, path, token in arrivals],
            values=unit.values[: len(indices)],
            variables=unit.variables[: len(indices)],
            extras={"join_type": kind},
        )
        self._push(joined)


Arrival = tuple[Unit[Token], str, Token]
