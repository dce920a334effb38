"""Have mypy check generated files as a reader's own does: part of `hatch run types`."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from golden.test_generated_files import FEW, generate
from metaflow_prefect.model import RUNTIMES

# The same as in pyproject.toml, so that the cache of what Prefect imports serves both.
SETTINGS = ("--python-version=3.10", "--warn-unreachable")


def main() -> int:
    """Generate the files, and return mypy's exit code."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = [
            generate(folder, flow, runtime, python=sys.executable)
            for flow in FEW
            for runtime in RUNTIMES
        ]
        command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", *SETTINGS]
        return subprocess.run([*command, *made], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
