"""Attempts that share a call, where tasks are short and more wait than can run.

Dask takes some 8 ms of CPU for a call that does nothing, a third of what a short task
takes. So attempts of a step whose tasks are known to be short wait here while workers
have enough to do, and several are sent together, which run one after another. What is
not known to be short, or could begin at once, is sent by itself.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Any
from uuid import uuid4

from .placed import LATE
from .variables import seconds_setting
from .worker_engines import Answer, Sent, WorkerEngine

MOST_SHARED = 16  # attempts of a call
CALL_VARIABLE = "METAFLOW_PREFECT_SHARED_CALL"
CALL = 0.4  # seconds that a shared call is to take
MOST_SPARE = 64  # attempts that may begin only to wait, each in a thread
LEARNING = 0.25  # how much the latest attempt says of how long the next one takes
KNOWN = 10.0  # seconds for which it is taken as known how many slots there are
AHEAD = 1.25  # calls for each slot: a worker that ends one has the next
OVER = "the run is over"


def call_limit() -> float:
    """Return how many seconds the attempts of a call may take together; 0 for one each.

    Raises:
        ValueError: The setting makes no sense; the message says what to do.
    """
    return seconds_setting(CALL_VARIABLE, CALL)


class Waiting:
    """An attempt that awaits its answer.

    Args:
        request: Which task and attempt.
    """

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        # its answer, or a call that its thread is to see to before that
        self.inbox: SimpleQueue[Answer | Exception | Call] = SimpleQueue()


class Call:
    """Attempts that are sent together.

    Args:
        attempts: The attempts, in the order in which they run.
    """

    def __init__(self, attempts: Sequence[Waiting]) -> None:
        self.name = uuid4().hex
        self.attempts = attempts
        self.sent: Sent | None = None
        self._open: dict[int, Waiting] = dict(enumerate(attempts))

    def pass_to_open(self) -> bool:
        """Have the thread of an attempt that is open see to it, if there is one."""
        first = next(iter(self._open.values()), None)
        if first:
            first.inbox.put(self)
        return first is not None

    def answer(self, answers: Sequence[Answer | Exception]) -> None:
        """Give the first attempts their answers, but for those that have theirs."""
        for place, answer in enumerate(answers):
            if one := self._open.pop(place, None):
                one.inbox.put(answer)

    def give_back(self, first: int) -> list[Waiting]:
        """Return the attempts from some place on, which are this call's no more."""
        places = [place for place in self._open if place >= first]
        return [self._open.pop(place) for place in places]

    @property
    def later(self) -> int:
        """How many of its attempts wait for another one of it."""
        return max(0, len(self._open) - 1)


class Lane:
    """The attempts of a step that ask for the same.

    Args:
        asked: The resources.
        limit: How many seconds a shared call is to take.
    """

    def __init__(self, asked: Mapping[str, float], limit: float) -> None:
        self.asked, self._limit = asked, limit
        self.slots = 0  # how many calls can run at a time; none if that is not known
        self.known_until = 0.0
        self.waiting: deque[Waiting] = deque()
        self.calls: dict[str, Call] = {}
        self._seconds = math.inf

    def learn(self, seconds: float) -> None:
        """Note how long an attempt took."""
        known = seconds if math.isinf(self._seconds) else self._seconds
        self._seconds = known + LEARNING * (seconds - known)

    @property
    def most(self) -> int:
        """How many attempts may share a call; 1 if tasks are not known to be short."""
        if not self.slots or self._limit < 2 * self._seconds:
            return 1
        return int(min(MOST_SHARED, self._limit / max(self._seconds, 1e-3)))

    def next_size(self) -> int:
        """Return how many of those that wait are to be sent now, in one call."""
        most = self.most
        if most > 1 and len(self.calls) >= math.ceil(AHEAD * self.slots):
            return 0
        free = self.slots - len(self.calls)
        share = len(self.waiting) / max(1, free if free > 1 else self.slots / 2)
        return min(most, math.ceil(share))

    def spare(self, workers: int) -> int:
        """Return how many attempts more than workers may begin, as they only wait.

        Args:
            workers: How many may run at a time.
        """
        if self.most == 1:
            return 0
        # few enough: a task that takes a second is told to be running
        wanted = math.ceil(1.5 * self.slots * self.most) - workers
        wait = len(self.waiting) + sum(call.later for call in self.calls.values())
        return max(0, min(wanted, wait, MOST_SPARE))


class SharedCalls:
    """Calls workers for attempts, for one or for several together.

    The thread of one of its attempts sends a call, one gives the others their answers.

    Args:
        engine: Reaches the workers.
        workers: How many attempts may run at a time.
    """

    def __init__(self, engine: WorkerEngine, workers: int) -> None:
        self._engine, self._workers, self._limit = engine, workers, call_limit()
        self._lanes: dict[tuple[str, frozenset[tuple[str, float]]], Lane] = {}
        self._open: dict[str, Lane] = {}  # by the calls that are under way
        self._changing = threading.Lock()
        self._has_ended = False
        engine.listen(self._tell)

    def attempt(
        self, request: dict[str, Any], asked: Mapping[str, float]
    ) -> dict[str, Any]:
        """Run an attempt on a worker.

        Args:
            request: Which task and attempt.
            asked: Resources, by names of the engine's `capacities`.

        Returns:
            Its answer.

        Raises:
            Exception: The worker was lost, or the run is over.
        """
        one = Waiting(request)
        lane = self._lane(request["step"], asked)
        with self._changing:
            lane.waiting.append(one)
            self._begin_calls()
        while isinstance(found := one.inbox.get(), Call):
            self._see_to(lane, found)
        if isinstance(found, Exception):
            raise found
        return found

    def _lane(self, step: str, asked: Mapping[str, float]) -> Lane:
        now = time.monotonic()
        with self._changing:
            key = step, frozenset(asked.items())
            lane = self._lanes.setdefault(key, Lane(asked, self._limit))
            is_known = now < lane.known_until
            lane.known_until = lane.known_until if is_known else now + KNOWN
        if not is_known:  # not each attempt asks the cluster
            # If it does not answer, the call says so.
            with suppress(OSError):
                lane.slots = min(self._engine.slots(asked), self._workers)
        return lane

    def spare(self) -> int:
        """Return how many attempts more than workers may begin, as they only wait."""
        with self._changing:
            found = (lane.spare(self._workers) for lane in self._lanes.values())
            return max(found, default=0)

    def waits(self, task_id: str) -> bool:
        """Return whether an attempt of a task waits to be sent."""
        with self._changing:
            waiting = (one for lane in self._lanes.values() for one in lane.waiting)
            return any(one.request["task_id"] == task_id for one in waiting)

    def end(self) -> None:
        """Send nothing any more; what waits to be sent fails."""
        with self._changing:
            self._has_ended = True
            self._begin_calls()

    def _begin_calls(self) -> None:
        for lane in self._lanes.values():
            while self._has_ended and lane.waiting:
                lane.waiting.popleft().inbox.put(RuntimeError(OVER))
            while len(self._open) < self._workers and (size := lane.next_size()):
                call = Call([lane.waiting.popleft() for _ in range(size)])
                lane.calls[call.name], self._open[call.name] = call, lane
                call.pass_to_open()

    def _see_to(self, lane: Lane, call: Call) -> None:
        """Send a call; or give its attempts their answers, when they have come."""
        answers: Sequence[Answer | Exception]
        try:
            if call.sent is None:
                requests = [one.request for one in call.attempts]
                call.sent = self._engine.send(call.name, requests, lane.asked)
                if len(requests) > 1:
                    call.sent.when_done(lambda: self._pass(call))
                    return
            answers = call.sent.result()
        except Exception as error:  # noqa: BLE001 - of Dask or Ray, raised by `attempt`
            answers = [error] * len(call.attempts)
        with self._changing:
            for answer in answers:
                if isinstance(answer, dict) and answer.get("state") == "ran":
                    lane.learn(answer["seconds"])
            call.answer(answers)
            # What comes after an attempt that did not end well is sent again.
            self._end_call(call)

    def _end_call(self, call: Call) -> None:
        lane = self._open.pop(call.name)
        del lane.calls[call.name]
        lane.waiting.extendleft(reversed(call.give_back(0)))
        self._begin_calls()

    def _pass(self, call: Call) -> None:
        with self._changing:
            if not call.pass_to_open():  # where Dask has run a call again
                self._end_call(call)

    def _tell(self, name: str, answers: Sequence[Answer]) -> None:
        """Take answers of a call in which the attempt after these takes long."""
        with self._changing:
            lane = self._open.get(name)
            if lane is None:
                return
            call = lane.calls[name]
            call.answer(answers)
            lane.waiting.extendleft(reversed(call.give_back(len(answers) + 1)))
            lane.learn(LATE)
            self._begin_calls()
