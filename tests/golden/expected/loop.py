"""Prefect flow of the Metaflow flow LoopFlow, made from ../flows/loop.py.

Do not edit it: change the flow and make it again.

    python ../flows/loop.py prefect create loop.py
    python loop.py --help
    prefect deploy loop.py:loop_flow
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
@task(name="again")
def step_again() -> None: ...
@task(name="end")
def step_end() -> None: ...


@flow(name="LoopFlow")
def loop_flow(
    *,
    times: int = 3,
) -> Any:
    """Run LoopFlow as a Metaflow run."""
    return run_flow(metaflow_flow(), locals())


def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name="LoopFlow",
        source="../flows/loop.py",
        graph=[
            Step(step_start, "linear", ["again"]),
            Step(step_again, "switch", ["again", "end"]),
            Step(step_end, "end"),
        ],
    )


# (here: what is the same in every file)


if __name__ == "__main__":
    main(metaflow_flow(), loop_flow, early)
