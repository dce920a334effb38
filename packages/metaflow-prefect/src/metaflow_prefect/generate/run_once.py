"""Run a generated file that is made for one run only."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from metaflow_prefect.generate.write import write_text


def run_once(source: Path, text: Callable[[Path], str], arguments: Sequence[str]) -> int:
    """Run a flow's generated file in a folder of its own, and leave no file.

    Args:
        source: The flow's file.
        text: Gives the text of the generated file, from where it will be.
        arguments: The generated file's arguments.

    Returns:
        Its exit code, as a shell would give it.
    """
    with tempfile.TemporaryDirectory(prefix="metaflow-prefect-") as folder:
        target = Path(folder).resolve() / f"{source.stem}_prefect.py"
        write_text(target, text(target))
        return _run_to_end([sys.executable, str(target), *arguments])


def _run_to_end(command: Sequence[str]) -> int:
    """Run a command, which has this process's streams, and wait for its end at any signal."""
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
