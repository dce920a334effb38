"""A run ends when it has ended, and a step is started again when what starts it was killed."""

import os
import signal
from pathlib import Path

from e2e.project import SOURCES, FlowFolder
from support.run import LIMIT


def test_a_child_of_the_flows_import_does_not_hold_the_run(
    tmp_path: Path, prefect_api: str
) -> None:
    flow = FlowFolder(tmp_path, SOURCES / "holds_output.py", PREFECT_API_URL=prefect_api)
    output = tmp_path / "output.txt"
    with output.open("w") as file:  # a pipe of ours would be held as well
        run = flow.start(flow.create(), output=file)
    try:
        assert run.wait(timeout=LIMIT) == 0
    finally:
        os.kill(int((tmp_path / "child.txt").read_text()), signal.SIGKILL)
    assert "Finished in state Completed" in output.read_text().splitlines()[-1]


def test_one_kill_of_what_starts_steps_costs_one_attempt(tmp_path: Path, prefect_api: str) -> None:
    flow = FlowFolder(tmp_path, SOURCES / "kills_launcher.py", PREFECT_API_URL=prefect_api)
    done = flow.run(flow.create(), "--max-workers", "1")
    assert done.returncode == 0, done.stdout + done.stderr
