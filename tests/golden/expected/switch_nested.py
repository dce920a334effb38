"""Prefect flow of the Metaflow flow SwitchNestedFlow, made from ../flows/switch_nested.py.

Do not edit it: change the flow and make it again.

    python ../flows/switch_nested.py prefect create switch_nested.py
    python switch_nested.py --help
    prefect deploy switch_nested.py:switch_nested_flow
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
@task(name="a")
def step_a() -> None: ...
@task(name="ax")
def step_ax() -> None: ...
@task(name="ay")
def step_ay() -> None: ...
@task(name="b")
def step_b() -> None: ...
@task(name="meet")
def step_meet() -> None: ...
@task(name="end")
def step_end() -> None: ...


@flow(name="SwitchNestedFlow")
def switch_nested_flow(
    *,
    outer: str = "a",
    inner: str = "y",
) -> Any:
    """Run SwitchNestedFlow as a Metaflow run."""
    return run_flow(metaflow_flow(), locals())


def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name="SwitchNestedFlow",
        source="../flows/switch_nested.py",
        graph=[
            Step(step_start, "switch", ["a", "b"]),
            Step(step_a, "switch", ["ax", "ay"]),
            Step(step_ax, "linear", ["meet"]),
            Step(step_ay, "linear", ["meet"]),
            Step(step_b, "linear", ["meet"]),
            Step(step_meet, "linear", ["end"]),
            Step(step_end, "end"),
        ],
    )


# (here: what is the same in every file)


if __name__ == "__main__":
    main(metaflow_flow(), switch_nested_flow, early)
