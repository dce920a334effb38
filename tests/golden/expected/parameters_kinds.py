"""Prefect flow of the Metaflow flow ParametersKindsFlow, made from ../flows/parameters_kinds.py.

Do not edit it: change the flow and make it again.

    python ../flows/parameters_kinds.py prefect create parameters_kinds.py
    python parameters_kinds.py --help
    prefect deploy parameters_kinds.py:parameters_kinds_flow
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
@task(name="end")
def step_end() -> None: ...


@flow(name="ParametersKindsFlow")
def parameters_kinds_flow(
    *,
    integer: int = -3,
    real: float = 1e-05,
    text: str = 'it\'s "quoted" \\ and\ttabbed',
    empty: str = "",
    unicode: str = "žluťoučký 🐍",
    yes: bool = True,
    no: bool = False,
    nothing: str | None = None,
    no_integer: int | None = None,
    no_real: float | None = None,
    no_flag: bool | None = None,
    json_text: Any = {"a": [1, None, "é"]},  # noqa: B006
    json_null: Any = None,
    json_value: Any = {"b": {"c": [True]}},  # noqa: B006
    words: str = "one,two,three",
    no_words: str | None = None,
    hidden_default: int = 7,
) -> Any:
    """Run ParametersKindsFlow as a Metaflow run.

    Args:
        integer: A whole number, 100% of it.
    """
    return run_flow(metaflow_flow(), locals())


def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name="ParametersKindsFlow",
        source="../flows/parameters_kinds.py",
        graph=[
            Step(step_start, "linear", ["end"]),
            Step(step_end, "end"),
        ],
    )


# (here: what is the same in every file)


if __name__ == "__main__":
    main(metaflow_flow(), parameters_kinds_flow, early)
