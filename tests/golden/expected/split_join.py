"""Prefect flow of the Metaflow flow SplitJoinFlow, made from ../flows/split_join.py.

Do not edit it: change the flow and make it again.

    python ../flows/split_join.py prefect create split_join.py
    python split_join.py --help
    prefect deploy split_join.py:split_join_flow
"""

from __future__ import annotations

import gc
import socket
import sys
from subprocess import PIPE, STDOUT, Popen
from typing import Any

LOADER = r"exec('import sys; del sys.path[0]\n#' + open(__import__('sys').argv[1], encoding='utf-8').read().split('\n# =====')[1], {'__name__': 'loader'})"
HOST = sys.executable, "-c", LOADER
if __name__ == "__main__":  # a process of its own imports Metaflow, beside Prefect
    gc.disable()  # until Prefect is imported, as that stays
    ends = socket.socketpair()
    fd = ends[1].fileno()
    early = Popen([*HOST, __file__, "run"], stdin=fd, stdout=PIPE, stderr=STDOUT), *ends

from prefect import flow, task


@task(name="start")
def step_start() -> None: ...
@task(name="left")
def step_left() -> None: ...
@task(name="right")
def step_right() -> None: ...
@task(name="join")
def step_join() -> None: ...
@task(name="end")
def step_end() -> None: ...


@flow(name="SplitJoinFlow")
def split_join_flow() -> Any:
    """Run SplitJoinFlow as a Metaflow run."""
    return run_flow(metaflow_flow(), locals())


def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name="SplitJoinFlow",
        source="../flows/split_join.py",
        graph=[
            Step(step_start, "split", ["left", "right"]),
            Step(step_left, "linear", ["join"]),
            Step(step_right, "linear", ["join"]),
            Step(step_join, "join", ["end"], closes="start"),
            Step(step_end, "end"),
        ],
    )


# (here: what is the same in every file)


if __name__ == "__main__":
    main(metaflow_flow(), split_join_flow, early)
