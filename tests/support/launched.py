"""Runs a flow's Prefect file under a launcher, and waits for processes to end."""

import os
import select
import subprocess
import sys
from pathlib import Path

from metaflow_prefect.runtime.host.warm import TEMPLATE_VARIABLE

from support.case import Case
from support.run import FOR_PREFECT, environment, python

FLOWS = Path(__file__).resolve().parent.parent / "e2e" / "launcher" / "flows"


def prepare(folder: Path, flow: str) -> None:
    """Copy a flow of the launcher tests into another one and make its Prefect file there."""
    (folder / ".metaflow").mkdir(parents=True)
    (folder / "flow.py").write_text((FLOWS / flow).read_text(encoding="utf-8"), encoding="utf-8")
    create = ("flow.py", "prefect", "create", "flow_prefect.py")
    python(*create, folder=folder, variables=_variables(folder)).check_returncode()


def start(folder: Path, api_url: str, launcher: str, *options: str) -> subprocess.Popen[str]:
    """Start the Prefect file in a folder, with a session and an output of its own.

    Args:
        folder: The folder.
        api_url: The URL of the Prefect server's API.
        launcher: What starts the steps' processes: "warm" or "fresh", as users know it; or
            "template", a process that has run the flow's file, for all of them.
        options: Of the Prefect file.
    """
    has_template = launcher == "template"
    variables = {"PREFECT_API_URL": api_url, TEMPLATE_VARIABLE: "1" if has_template else "0"}
    name = "warm" if has_template else launcher
    return subprocess.Popen(
        [sys.executable, "flow_prefect.py", f"--launcher={name}", *options],
        cwd=folder,
        env=_variables(folder) | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )


def _variables(folder: Path) -> dict[str, str]:
    case = Case(id="launcher", group="wild", file="flow.py", flow="")
    return environment(case, folder) | {
        "PREFECT_HOME": str(folder / ".prefect"),
        **FOR_PREFECT,
    }


def await_ends(pidfds: dict[str, int], seconds: float) -> list[str]:
    """Wait for processes to end.

    Returns:
        The names of those that have not, in time.
    """
    left = dict(pidfds)
    poll = select.poll()
    for pidfd in left.values():
        poll.register(pidfd, select.POLLIN)
    while left:
        ready = poll.poll(seconds * 1000)
        if not ready:
            break
        for pidfd, _ in ready:
            poll.unregister(pidfd)
            left = {name: other for name, other in left.items() if other != pidfd}
    for pidfd in pidfds.values():
        os.close(pidfd)
    return list(left)
