"""Prefect flow of the Metaflow flow ParametersClickFlow, made from ../flows/parameters_click.py.

Do not edit it: change the flow and make it again.

    python ../flows/parameters_click.py prefect create parameters_click.py
    python parameters_click.py --help
    prefect deploy parameters_click.py:parameters_click_flow
"""

from __future__ import annotations

import gc
import socket
import sys
from subprocess import PIPE, STDOUT, Popen
from typing import Annotated, Any, Literal

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
@task(name="end")
def step_end() -> None: ...


@flow(name="ParametersClickFlow")
def parameters_click_flow(
    *,
    color: Literal["red", "green"] = "red",
    level: Annotated[Any, {"kind": "other"}] = 2,
    many: Annotated[list[str] | None, {"multiple": True}] = None,
    numbers: Annotated[list[int], {"multiple": True}] = [1, 2],  # noqa: B006
    pair: Annotated[list[float] | None, {"arity": 2}] = None,
    flag: Annotated[bool, {"is_flag": True}] = False,
    loud: Annotated[int, {"is_counter": True}] = 0,
) -> Any:
    """Run ParametersClickFlow as a Metaflow run."""
    return run_flow(metaflow_flow(), locals())


def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name="ParametersClickFlow",
        source="../flows/parameters_click.py",
        graph=[
            Step(step_start, "linear", ["end"]),
            Step(step_end, "end"),
        ],
    )


# (here: what is the same in every file)


if __name__ == "__main__":
    main(metaflow_flow(), parameters_click_flow, early)
