"""Prefect flow of the Metaflow flow ParametersKeywordsFlow, made from ../flows/parameters_keywords.py.

Do not edit it: change the flow and make it again.

    python ../flows/parameters_keywords.py prefect create parameters_keywords.py
    python parameters_keywords.py --help
    prefect deploy parameters_keywords.py:parameters_keywords_flow
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


@flow(name="ParametersKeywordsFlow")
def parameters_keywords_flow(
    *,
    lambda_: Annotated[int, {"name": "lambda"}] = 1,
    class_: Annotated[str, {"name": "class"}] = "klass",
    None_: Annotated[str, {"name": "None"}] = "none",
    True_: Annotated[bool, {"name": "True"}] = False,
    async_: Annotated[float, {"name": "async"}] = 0.5,
    import_: Annotated[str, {"name": "import"}] = "x",
    match: str = "soft keyword",
    type: str = "soft keyword too",
    print: str = "a builtin",
) -> Any:
    """Run ParametersKeywordsFlow as a Metaflow run."""
    return run_flow(metaflow_flow(), locals())


def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name="ParametersKeywordsFlow",
        source="../flows/parameters_keywords.py",
        graph=[
            Step(step_start, "linear", ["end"]),
            Step(step_end, "end"),
        ],
    )


# (here: what is the same in every file)


if __name__ == "__main__":
    main(metaflow_flow(), parameters_keywords_flow, early)
