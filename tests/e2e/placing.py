"""Runs whose steps are on the workers of a cluster."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from e2e.project import FlowFolder
from support import recorded
from support.case import Case
from support.cases import CASES
from support.run import Result, prefect
from support.snapshot import snapshot_of

EVERYDAY = ("graph-foreach_nested_2", "failure-retry_in_foreach", "failure-fail_in_foreach")
THOROUGH = (
    *("graph-linear", "graph-split_join", "graph-switch_in_foreach", "graph-loop"),
    *("graph-parallel", "graph-unbounded_foreach", "graph-foreach_many"),
    *("parameters-parameters_given", "parameters-include_file"),
    *("failure-catch_retry", "failure-timeouts", "failure-fail_raise", "failure-catch_killed"),
    *("decorators-environment", "decorators-card"),
)
_FOUND = {str(case): case for case in CASES}
COMPARED = [
    *(pytest.param(_FOUND[name], id=name) for name in EVERYDAY),
    *(pytest.param(_FOUND[name], id=name, marks=pytest.mark.thorough) for name in THOROUGH),
]


def placed_as_native(
    case: Case,
    folder: Path,
    api: str,
    runner: str,
    unlike: Sequence[str] = (),
    **variables: str,
) -> Result:
    """Check that a case that is run on workers leaves behind what its native run does.

    Args:
        case: The case.
        folder: An empty folder.
        api: The API of the Prefect server.
        runner: The workers, as `--task-runner` has them.
        unlike: The differences that there are nevertheless.
        variables: More of the run's environment.

    Returns:
        What our run left behind.
    """
    native = recorded.NativeAnswer(case, folder / "native", live=False)
    placing = {"METAFLOW_PREFECT_TASK_RUNNER": runner, "METAFLOW_PREFECT_SHARED_FOLDER": "1"}
    placed = replace(case, env={**case.env, **placing, **variables})
    ours = prefect(placed, folder / "prefect", api)
    told = ours.stdout[-4000:] + ours.stderr[-4000:]
    found = native.differences(snapshot_of(ours))
    assert found == list(unlike), "\n".join([told, "Differences:", *found])
    return ours


@contextmanager
def running(folder: FlowFolder, runner: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Hold a run whose steps have begun on workers; give its process, and those of the steps."""
    words = ("--task-runner", runner, "--shared-folder")
    with folder.start("out.py", "--run-id-file", "first", *words) as process:
        try:
            yield process, steps_of(folder, process)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def steps_of(folder: FlowFolder, process: subprocess.Popen[str]) -> list[int]:
    """Wait until both tasks of the foreach have told their process ids in a file."""
    while True:
        found = [int(f.name) for f in folder.path.glob("pid/*")]
        if len(found) == 2:
            return found
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        yield pid


def await_end(pids: list[int], seconds: float) -> None:
    await_true(lambda: not any(map(is_alive, pids)), "the steps end", seconds)


def await_true(look: Callable[[], bool], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, f"it did not come that {what}"
        time.sleep(0.2)
