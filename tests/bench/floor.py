"""Prefect's own floor: the tasks of a flow, doing nothing.

    python floor.py WORKERS WIDTHxSECONDS...

Each stage has as many tasks as it is wide, each of which sleeps for some seconds; a stage begins
when the one before has ended, as a flow's steps do.
"""

import sys
import time
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner


@task(persist_result=False, cache_policy=NO_CACHE)
def nothing(seconds: float) -> None:
    """Sleep for no or some seconds."""
    if seconds:
        time.sleep(seconds)


@flow(name="floor")
def floor(stages: list[tuple[int, float]]) -> None:
    """Run all stages."""
    for width, seconds in stages:
        for future in [nothing.submit(seconds) for _ in range(width)]:
            future.result()


if __name__ == "__main__":
    workers, *words = sys.argv[1:]
    pairs = [word.split("x") for word in words]
    runner: Any = ThreadPoolTaskRunner(max_workers=int(workers))
    floor.with_options(task_runner=runner)([(int(width), float(s)) for width, s in pairs])
