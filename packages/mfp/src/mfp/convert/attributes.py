"""Whether reviewers see generated files as such: `.gitattributes`."""

import subprocess
from pathlib import PurePosixPath

NAME = "linguist-generated"


def attributes_advice(folder: str, output: PurePosixPath) -> str:
    """Say what to add to `.gitattributes`, so that diffs of generated files are folded.

    Args:
        folder: The folder that generated files go to.
        output: One of them.

    Returns:
        A sentence; empty if it is there, or if there is no git repository.
    """
    try:
        done = subprocess.run(
            ["git", "check-attr", NAME, "--", str(output)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:  # there is no git
        return ""
    if done.returncode != 0 or not done.stdout.rstrip().endswith(": unspecified"):
        return ""
    return (
        f"To have reviews fold the generated files, add a line to .gitattributes: "
        f"{folder}/** {NAME}"
    )
