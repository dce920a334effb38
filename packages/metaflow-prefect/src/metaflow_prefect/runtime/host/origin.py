"""A run that is to be resumed: whether it is there, its parameters, and its process.

The process that serves a run notes itself in Metaflow's metadata. So whoever wants to
resume the run can see whether that process still exists, whatever Prefect believes.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .script import end_process

PARAMETERS_TASK = "parameters"  # the task id of a run's parameters
PROC = Path("/proc")  # Linux alone has it
FIRST_NAMESPACE = Path("pid:[4026531836]")  # of processes, as the kernel numbers it
PROCESS_FIELD = "prefect-process"  # of its metadata


@dataclass(frozen=True)
class ProcessMark:
    """What a process is known by, also when its id has been given to another one.

    Args:
        machine: What is the same for all processes that can see each other.
        host: The machine's name, for people.
        pid: The process's id.
        started: When it was started, in whatever form the system gives it.
        system: The machine whatever its boot, if the process was in no container.
    """

    machine: str
    host: str
    pid: int
    started: str
    system: str = ""

    @classmethod
    def own(cls) -> ProcessMark:
        """Return that of this process."""
        pid = os.getpid()
        host = platform.node()
        return cls(_machine(), host, pid, _start_of(pid), _system())

    def has_ended(self, here: ProcessMark) -> bool | None:
        """Return whether the process is gone; `None` if it cannot be seen from here.

        Args:
            here: A process of this machine.
        """
        if self.machine == here.machine:
            return _start_of(self.pid) != self.started
        known = (self.system, self.host)
        has_rebooted = bool(self.system) and known == (here.system, here.host)
        return True if has_rebooted else None


def _machine() -> str:
    """Name what numbers the processes: this boot of the machine, and the container."""
    if not PROC.exists():
        return platform.node()
    boot = (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    return f"{boot} {(PROC / 'self/ns/pid').readlink()}"


def _system() -> str:
    """Name this installation of the system, if this process is in no container.

    Those of one image may have the same name.
    """
    if not PROC.exists() or (PROC / "self/ns/pid").readlink() != FIRST_NAMESPACE:
        return ""
    try:
        return Path("/etc/machine-id").read_text("ascii").strip()
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """Return when a process was started; nothing if it has ended."""
    if PROC.exists():
        try:
            stat = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
        except OSError:
            return ""
        words = stat.rpartition(")")[2].split()
        return "" if words[0] in "ZX" else words[19]
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    return listed.stdout.strip()


def process_field() -> dict[str, str]:
    """Return the metadata by which this process is found again."""
    return {PROCESS_FIELD: json.dumps(asdict(ProcessMark.own()))}


def look_at_origin(flow: Any, store: Any, metadata: Any, run_id: str) -> dict[str, Any]:
    """Return what the Prefect side has to know of a run that is to be resumed.

    Ends this process if the flow has no such run.

    Args:
        flow: The flow.
        store: Its datastore.
        metadata: Metaflow's metadata provider.
        run_id: The id of the run.

    Returns:
        The values of its parameters, as far as JSON has them; its process's machine and
        id, and whether it has ended, as far as that is known.
    """
    found = store.get_task_datastores(run_id, steps=["_parameters"])
    if not found:
        sys.stdout.write(
            f"There is no run {run_id} of {flow.name} in this datastore. Choose one "
            f"that `Flow('{flow.name}').runs()` lists.\n"
        )
        end_process(2)
    process = _noted_process(flow.name, metadata, run_id)
    return {
        "parameters": parameter_values(flow, found[0]),
        "host": process and process.host,
        "pid": process and process.pid,
        "has_ended": process and process.has_ended(ProcessMark.own()),
    }


def parameter_values(flow: Any, stored: Any) -> dict[str, Any]:
    """Return the values of a run's parameters, as far as JSON has them.

    Args:
        flow: The flow.
        stored: The datastore of the parameters' task.
    """
    values: dict[str, Any] = {}
    for name, parameter in flow._get_parameters():
        if parameter.IS_CONFIG_PARAMETER or name not in stored:
            continue
        value = stored[name]
        if parameter.separator and isinstance(value, list):
            value = parameter.separator.join(value)
        try:
            values[parameter.name] = json.loads(json.dumps(value))
        except (TypeError, ValueError):
            continue  # such as an included file
    return values


def _noted_process(flow: str, metadata: Any, run_id: str) -> ProcessMark | None:
    """Return the process that served the run last, if it was one of ours."""
    place = (flow, run_id, "_parameters", PARAMETERS_TASK)
    noted = metadata.get_object("task", "metadata", {}, None, *place) or []
    ours = [one for one in noted if one["field_name"] == PROCESS_FIELD]
    if not ours:
        return None
    latest = max(ours, key=lambda one: one["ts_epoch"])
    return ProcessMark(**json.loads(latest["value"]))
