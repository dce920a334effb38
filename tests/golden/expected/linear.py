"""Prefect flow of the Metaflow flow LinearFlow, made from ../flows/linear.py.

Do not edit it: change the flow and make it again.

    python ../flows/linear.py prefect create linear.py
    python linear.py --help
    prefect deploy linear.py:linear_flow
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


@task(name="start", description="Begin.")
def step_start() -> None: ...
@task(name="middle", description="Do the work.\n\nIndented further.")
def step_middle() -> None: ...
@task(name="end")
def step_end() -> None: ...


@flow(
    name="LinearFlow",
    description="A flow with a docstring.\n\nIts second paragraph is indented as docstrings are.",
)
def linear_flow() -> Any:
    """Run LinearFlow as a Metaflow run."""
    return run_flow(metaflow_flow(), locals())


def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name="LinearFlow",
        source="../flows/linear.py",
        graph=[
            Step(step_start, "linear", ["middle"]),
            Step(step_middle, "linear", ["end"]),
            Step(step_end, "end"),
        ],
    )


# (here: what is the same in every file)


if __name__ == "__main__":
    main(metaflow_flow(), linear_flow, early)
