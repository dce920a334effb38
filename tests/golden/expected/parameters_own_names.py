"""Prefect flow of the Metaflow flow ParametersOwnNamesFlow, made from ../flows/parameters_own_names.py.

Do not edit it: change the flow and make it again.

    python ../flows/parameters_own_names.py prefect create parameters_own_names.py
    python parameters_own_names.py --help
    prefect deploy parameters_own_names.py:parameters_own_names_flow
"""

from __future__ import annotations

import gc
import socket
import sys
from subprocess import PIPE, STDOUT, Popen
from typing import Annotated, Any

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


@flow(name="ParametersOwnNamesFlow")
def parameters_own_names_flow(
    *,
    flow: str = "flow!",
    task: str = "task!",
    schema_: Annotated[str, {"name": "schema"}] = "schema!",
    json_: Annotated[str, {"name": "json"}] = "json!",
    copy_: Annotated[str, {"name": "copy"}] = "copy!",
    model_config_: Annotated[str, {"name": "model_config"}] = "model_config!",
    dict_: Annotated[str, {"name": "dict"}] = "dict!",
    validate_: Annotated[str, {"name": "validate"}] = "validate!",
) -> Any:
    """Run ParametersOwnNamesFlow as a Metaflow run."""
    return run_flow(metaflow_flow(), locals())


def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name="ParametersOwnNamesFlow",
        source="../flows/parameters_own_names.py",
        graph=[
            Step(step_start, "linear", ["end"]),
            Step(step_end, "end"),
        ],
    )


# (here: what is the same in every file)


if __name__ == "__main__":
    main(metaflow_flow(), parameters_own_names_flow, early)
