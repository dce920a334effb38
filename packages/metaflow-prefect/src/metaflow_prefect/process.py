"""Run a generated file as a process of its own, which is stopped along with this one."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence


def run_to_end(command: Sequence[str]) -> int:
    """Run a command and wait for its end, whatever signals come.

    Args:
        command: The command; it has this process's streams.

    Returns:
        Its exit code, as a shell would give it.
    """
    with subprocess.Popen(command) as process:
        before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            while True:
                try:
                    code = process.wait()
                    return code if code >= 0 else 128 - code
                except KeyboardInterrupt:
                    continue  # the process has got it too, and is stopping its steps
        finally:
            signal.signal(signal.SIGTERM, before)
