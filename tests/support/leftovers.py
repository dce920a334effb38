"""What a session of the tests has left behind: processes, and files outside of its folder."""

import os
import subprocess
import sys
from pathlib import Path

from support.launched import await_ends

ROOT = Path(__file__).resolve().parents[2]
ENDS = 60.0  # seconds in which the last processes have to end, such as the server's
_TRACKER = "multiprocessing.resource_tracker"  # ends after the process that has started it
_SAYS_WHERE = ("cmdline", "environ")


def processes_of(folder: Path) -> dict[str, int]:
    """The processes that run in a folder or are told of it; each command's id by its text.

    Args:
        folder: A folder that is the session's own.
    """
    if sys.platform != "linux":
        return {}
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            texts = {name: (process / name).read_bytes() for name in _SAYS_WHERE}
            place = os.fsencode((process / "cwd").readlink())
        except OSError:
            continue  # it has ended meanwhile, or is another user's
        if any(os.fsencode(f"{folder}/") in text for text in (*texts.values(), place + b"/")):
            words = texts["cmdline"].replace(b"\0", b" ").decode(errors="replace")
            if _TRACKER in words:
                continue
            found[f"{process.name}: {words[:200]}"] = int(process.name)
    return {name: pid for name, pid in found.items() if pid != os.getpid()}


def left_running(folder: Path) -> list[str]:
    """The processes of a folder that do not end soon, each in a line."""
    handles = {}
    for name, pid in processes_of(folder).items():
        try:
            handles[name] = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
    return await_ends(handles, ENDS)


def files_outside() -> set[str]:
    """New files in the checkout, and what Metaflow and Prefect keep in the home folder."""
    status = ["git", "status", "--porcelain", "--untracked-files=all"]
    done = subprocess.run(status, cwd=ROOT, capture_output=True, text=True, check=False)
    kept = (".metaflow", ".metaflowconfig", ".prefect", ".cache/mfp")
    in_home = {f"~/{name}" for name in kept if (Path.home() / name).exists()}
    return in_home | {line for line in done.stdout.splitlines() if line}
