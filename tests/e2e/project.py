"""A folder with a flow in it, and commands run there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

from support.run import FOR_PREFECT, LIMIT, python

SOURCES = Path(__file__).parent / "sources"


class FlowFolder:
    """A flow copied into a folder of its own, with a newcomer's environment."""

    def __init__(self, folder: Path, source: Path, **variables: str) -> None:
        self.path = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".metaflow").mkdir(exist_ok=True)
        shutil.copy(source, folder)
        self.flow = source.name
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("METAFLOW_", "PREFECT_"))}
        self.environment = {
            **kept,
            "METAFLOW_USER": "tester",
            "METAFLOW_HOME": str(folder / ".metaflowconfig"),
            "PREFECT_HOME": str(folder / ".prefect"),
            **FOR_PREFECT,
            **variables,
        }

    def run(self, *words: str, limit: float = LIMIT) -> subprocess.CompletedProcess[str]:
        """Run a Python command in the folder to its end."""
        return python(*words, folder=self.path, variables=self.environment, limit=limit)

    def start(self, *words: str, output: IO[str] | int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start a Python command in the folder, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-u", *words],
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def create(self, output: str = "out.py") -> str:
        """Generate the Prefect file and return its name."""
        done = self.run(self.flow, "prefect", "create", output)
        assert done.returncode == 0, done.stdout + done.stderr
        return output
