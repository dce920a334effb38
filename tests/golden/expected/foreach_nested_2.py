"""Prefect flow of the Metaflow flow ForeachNestedTwoFlow, made from ../flows/foreach_nested_2.py.

Do not edit it: change the flow and make it again.

    python ../flows/foreach_nested_2.py prefect create foreach_nested_2.py
    python foreach_nested_2.py --help
    prefect deploy foreach_nested_2.py:foreach_nested_two_flow
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
@task(name="open_inner")
def step_open_inner() -> None: ...
@task(name="body")
def step_body() -> None: ...
@task(name="close_inner")
def step_close_inner() -> None: ...
@task(name="close_outer")
def step_close_outer() -> None: ...
@task(name="end")
def step_end() -> None: ...


@flow(name="ForeachNestedTwoFlow")
def foreach_nested_two_flow() -> Any:
    """Run ForeachNestedTwoFlow as a Metaflow run."""
    return run_flow(metaflow_flow(), locals())


def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name="ForeachNestedTwoFlow",
        source="../flows/foreach_nested_2.py",
        graph=[
            Step(step_start, "foreach", ["open_inner"]),
            Step(step_open_inner, "foreach", ["body"]),
            Step(step_body, "linear", ["close_inner"]),
            Step(step_close_inner, "join", ["close_outer"], closes="open_inner"),
            Step(step_close_outer, "join", ["end"], closes="start"),
            Step(step_end, "end"),
        ],
    )


# (here: what is the same in every file)


if __name__ == "__main__":
    main(metaflow_flow(), foreach_nested_two_flow, early)
