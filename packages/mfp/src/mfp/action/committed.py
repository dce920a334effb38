"""Whether the commit that is checked out has a file as it is here."""

import os
import subprocess
from pathlib import Path


def is_committed(path: Path) -> bool:
    """Say whether a file is in the commit that is checked out, byte for byte.

    Args:
        path: The file, absolute or relative to the current folder.

    Returns:
        Whether it is; False also if there is no commit.
    """
    # Of all that compares, this runs nothing that the repository's settings name.
    done = subprocess.run(
        ["git", "cat-file", "blob", f"HEAD:./{os.path.relpath(path)}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0 and done.stdout == path.read_bytes()
