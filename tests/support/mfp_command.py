"""The command `mfp` in a process of its own, in an environment that has nothing."""

import os
import subprocess
import sys
from pathlib import Path


def mfp(root: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command.

    Args:
        root: The folder to run it in; its hidden folder `.home` is the home folder.
        arguments: What follows `mfp`.
        variables: Environment variables.

    Returns:
        The ended process.
    """
    names = ("PATH", "PYTHONPATH")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "mfp", *arguments],
        cwd=root,
        env={**environment, "HOME": str(root / ".home"), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
