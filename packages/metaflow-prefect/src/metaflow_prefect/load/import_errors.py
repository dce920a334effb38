"""A flow's file that fails before Metaflow's command line begins, reported in one line."""

from __future__ import annotations

import sys
from types import TracebackType

from metaflow_prefect.errors import FlowProblem
from metaflow_prefect.runtime.host.script import cause_of, end_process

OTHERS = {"run", "resume"}  # commands after which the word `prefect` is something else


def report_in_one_line() -> None:
    """Report so what ends the flow's file, unless the traceback is asked for."""
    before = sys.argv[1 : sys.argv.index("prefect")]
    if not OTHERS & {*before} and "--debug" not in sys.argv:
        sys.excepthook = _report


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, Exception):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write(f"{sys.argv[0]} cannot be loaded: {cause_of(error)}\n")
    end_process(FlowProblem.exit_code)
