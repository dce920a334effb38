"""Which attempts share a call: on a Dask cluster in this process, without Metaflow."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from metaflow_prefect.runtime.flow_run.runner_choice import QUIET
from metaflow_prefect.runtime.flow_run.shared_calls import (
    CALL_VARIABLE,
    Lane,
    SharedCalls,
    Waiting,
    call_limit,
)
from metaflow_prefect.runtime.flow_run.worker_engines import DaskEngine

if TYPE_CHECKING:
    from distributed import Client

# Dask asks for the kind of processor.
pytestmark = [pytest.mark.process, pytest.mark.xdist_group("shared-calls")]
MODULE = "metaflow_prefect_of_shared_calls"
LIMIT = 60
Answer = dict[str, Any]
Answers = list[Future[Answer]]


def size(waiting: int, calls: int, *, slots: int = 4, seconds: float = 0.02) -> int:
    """How many are sent of those that wait, while calls are under way."""
    lane = Lane({}, 0.5)
    lane.slots = slots
    lane.learn(seconds)
    lane.waiting.extend(Waiting({}) for _ in range(waiting))
    lane.calls.update({str(number): object() for number in range(calls)})  # type: ignore[misc]
    return lane.next_size()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (size(8, 0, slots=8), 1),
        (size(1, 3), 1),
        (size(4, 2), 2),
        (size(100, 0), 16),
        (size(100, 4), 16),
        (size(4, 4), 2),
        (size(100, 5), 0),
        (size(100, 4, seconds=0.1), 5),
        (size(100, 99, seconds=0.3), 1),
        (size(100, 99, slots=0), 1),
        (size(0, 0), 0),
        (size(0, 0, seconds=0.3), 0),
    ],
)
def test_how_many_share_a_call(found: int, expected: int) -> None:
    assert found == expected


def test_a_time_limit_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CALL_VARIABLE, "much")
    with pytest.raises(ValueError, match=f"{CALL_VARIABLE} is 'much'"):
        call_limit()


class Workers:
    """What calls come to on the workers.

    Attributes:
        calls: The numbers of the attempts of each call.
        seconds: How long each says that it took.
        gate: What all calls wait for.
        failing: The attempts that fail once, which ends their call.
        lost: Attempts that are run again, as on a worker that was lost.
        slow: Attempts that wait for something, which ends their call.
        broken: What is raised where these attempts are run.
    """

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.seconds = 0.01
        self.gate = Event()
        self.gate.set()
        self.failing: set[int] = set()
        self.lost: set[int] = set()
        self.slow: dict[int, Event] = {}
        self.broken: dict[int, Exception] = {}

    def attempts_here(
        self, _id: str, requests: Sequence[Answer], _values: object, tell: Callable[..., None]
    ) -> list[Answer]:
        numbers = [request["number"] for request in requests]
        self.calls.append(numbers)
        assert self.gate.wait(LIMIT)
        answers: list[Answer] = []
        for number in numbers:
            if number in self.broken:
                raise self.broken[number]
            if number in self.failing:
                self.failing.remove(number)
                return [*answers, {"state": "failed", "number": number}]
            answers.append({"state": "ran", "number": number, "seconds": self.seconds})
            if number in self.lost:
                self.lost.remove(number)
                tell(answers[:-1])
                tell([])
                return answers[:1]
            if number in self.slow:
                tell(answers[:-1])
                assert self.slow[number].wait(LIMIT)
                break
        return answers


@pytest.fixture(scope="module")
def client() -> "Iterator[Client]":
    from distributed import Client, LocalCluster  # here, as each worker imports this file

    with (
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2,
            threads_per_worker=2,
            processes=False,
            **QUIET["dask"]["cluster_kwargs"],
            resources={"Odd": 1, "Even": 4},
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield client


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Workers:
    workers, module = Workers(), ModuleType(MODULE)
    monkeypatch.setitem(module.__dict__, "attempts_here", workers.attempts_here)
    monkeypatch.setitem(sys.modules, MODULE, module)
    return workers


class Attempts:
    """Attempts that each wait for their answer in a thread."""

    def __init__(self, client: "Client", threads: ThreadPoolExecutor, most: int) -> None:
        self.engine = DaskEngine(SimpleNamespace(client=client, address="inproc"))
        self.engine.begin({"id": f"run-{id(self)}", "module": MODULE, "sign_limit": 5}, {})
        self.calls, self._threads = SharedCalls(self.engine, most), threads

    def begin(self, *numbers: int) -> Answers:
        requests = [{"step": "work", "task_id": f"work-{one}", "number": one} for one in numbers]
        return [self._threads.submit(self.calls.attempt, one, {}) for one in requests]


@pytest.fixture
def attempts(client: "Client", workers: Workers) -> Iterator[Attempts]:
    """One has ended, and two may run at a time."""
    with ThreadPoolExecutor(40) as threads:
        found = Attempts(client, threads, 2)
        assert states(found.begin(0)) == ["ran"]
        yield found
        workers.gate.set()
        found.calls.end()


def states(answers: Answers) -> list[str]:
    return [answer.result(LIMIT)["state"] for answer in answers]


def await_true(look: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not look():
        assert time.monotonic() < end
        time.sleep(0.01)


def held(attempts: Attempts, workers: Workers, *numbers: int) -> Answers:
    """Begin attempts in this order while two of others keep the workers busy."""
    workers.gate.clear()
    found = attempts.begin(-1, -2)
    await_true(lambda: len(workers.calls) == 3)
    for count, number in enumerate(numbers, 1):
        found += attempts.begin(number)
        await_true(lambda wanted=count: attempts.calls.spare() == wanted)  # type: ignore[misc]
    workers.gate.set()
    return found


def test_short_ones_that_wait_are_sent_together(attempts: Attempts, workers: Workers) -> None:
    answers = held(attempts, workers, *range(1, 19))
    assert [answer.result(LIMIT)["number"] for answer in answers] == [-1, -2, *range(1, 19)]
    assert sorted(map(len, workers.calls)) == [1, 1, 1, 2, 16]
    assert [*range(1, 17)] in workers.calls


def test_an_attempt_waits_until_it_is_sent(attempts: Attempts, workers: Workers) -> None:
    answers = held(attempts, workers, 1)
    assert [attempts.calls.waits(f"work-{one}") for one in (-1, -2, 1)] == [False, False, True]
    workers.gate.set()
    assert states(answers) == ["ran"] * 3
    assert not attempts.calls.waits("work-1")


def test_long_ones_are_sent_one_by_one(client: "Client", workers: Workers) -> None:
    workers.seconds = 10.0
    with ThreadPoolExecutor(40) as threads:
        attempts = Attempts(client, threads, 16)
        assert states(attempts.begin(0)) == ["ran"]
        workers.gate.clear()
        answers = attempts.begin(*range(1, 17))
        await_true(lambda: len(workers.calls) == 5)
        assert attempts.calls.spare() == 0
        workers.gate.set()
        assert states(answers) == ["ran"] * 16
    assert list(map(len, workers.calls)) == [1] * 17


def test_those_after_one_that_fails_are_sent_again(attempts: Attempts, workers: Workers) -> None:
    workers.failing.add(2)
    answers = held(attempts, workers, 1, 2, 3, 4)
    assert states(answers[2:]) == ["ran", "failed", "ran", "ran"]
    again = workers.calls[workers.calls.index([1, 2, 3, 4]) + 1 :]
    # by one call or two: that depends on which others have ended by then
    assert sorted(number for call in again for number in call) == [3, 4]


@pytest.mark.parametrize("place", [0, 1, 3])
def test_those_before_and_after_a_slow_one_do_not_wait(
    attempts: Attempts, workers: Workers, place: int
) -> None:
    """Whose thread has made the call is no matter."""
    slow = (1, 2, 3, 4)[place]
    workers.slow[slow] = Event()
    answers = held(attempts, workers, 1, 2, 3, 4)
    last = answers.pop(2 + place)
    assert states(answers) == ["ran"] * 5
    assert not last.done()
    workers.slow[slow].set()
    assert states([last]) == ["ran"]


@pytest.mark.parametrize("lost", [1, 3, 4])
def test_a_call_that_dask_runs_again(attempts: Attempts, workers: Workers, lost: int) -> None:
    """The first time an attempt was slow; now the first one is, and no other begins."""
    workers.lost.add(lost)
    answers = held(attempts, workers, 1, 2, 3, 4)
    assert states(answers) == ["ran"] * 6
    await_true(lambda: not attempts.calls.spare())
    assert states(attempts.begin(5, 6, 7)) == ["ran"] * 3


def test_a_call_that_breaks(attempts: Attempts, workers: Workers) -> None:
    """It may have run any of its attempts."""
    workers.broken[2] = OSError("broken")
    answers = held(attempts, workers, 1, 2, 3)
    assert states(answers[:2]) == ["ran", "ran"]
    for answer in answers[2:]:
        with pytest.raises(OSError, match="broken"):
            answer.result(LIMIT)


def test_the_end_of_a_run(attempts: Attempts, workers: Workers) -> None:
    workers.gate.clear()
    answers = attempts.begin(-1, -2)
    await_true(lambda: len(workers.calls) == 3)
    waiting = attempts.begin(1, 2)
    await_true(lambda: attempts.calls.spare() == 2)
    attempts.calls.end()
    for answer in waiting + attempts.begin(3):
        with pytest.raises(RuntimeError, match="the run is over"):
            answer.result(LIMIT)
    workers.gate.set()
    assert states(answers) == ["ran", "ran"]


def test_slots_are_those_of_workers_that_have_what_is_asked_for(attempts: Attempts) -> None:
    attempts.engine.capacities()
    asked: list[dict[str, float]] = [{}, {"odd": 1}, {"even": 2}, {"even": 3}, {"odd": 2}]
    assert [attempts.engine.slots(one) for one in asked] == [4, 2, 4, 2, 0]
