"""The command `mfp` in an environment that has nothing."""

import os
import subprocess
from pathlib import Path

from support.run import python


def mfp(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
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
    return python(
        *("-m", "mfp", *arguments),
        folder=root,
        variables={**environment, "HOME": str(root / ".home"), **variables},
    )
