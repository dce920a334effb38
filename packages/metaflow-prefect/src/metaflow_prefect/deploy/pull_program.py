"""Find a flow's code on the machine that is to run it: a folder, or Metaflow's code package.

This is the program of a pull step: a worker runs it with the Python that runs the flow, which has
Metaflow but not this package. It prints the folder that the code is in, and no other line.

A pull step that fails leaves Prefect with nothing to load, and its log with a traceback of its own.
So where there is no code, a flow that says so takes its place, and fails in one line.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

GONE = (
    "The folder {} of the flow is not there, or not on this machine. Deploy the flow from where it "
    "is now by: prefect create"
)
UNREACHED = (
    "The code package {} cannot be fetched: {}. The worker needs Metaflow, and access to its "
    "datastore."
)
STAND_IN = """from prefect import flow
from prefect.states import Failed


@flow
def {function}(**parameters):
    return Failed(message={reason!r})
"""


class CodeMissing(Exception):
    """The code cannot be had; the message says what to do."""


def folder_of(code: dict[str, Any], here: Path) -> Path:
    """Return the folder that a flow's code is in.

    Args:
        code: What the deployment says of it: its `folder`, or its `package`.
        here: The folder in which that of a package is made.

    Raises:
        CodeMissing: It is not there.
    """
    if "package" in code:
        try:
            return fetched(code["package"], here)
        except Exception as error:  # of whichever datastore
            problem = f"{type(error).__name__}: {error}"
            raise CodeMissing(UNREACHED.format(code["package"]["location"], problem)) from error
    folder = Path(code["folder"])
    if not folder.joinpath(code["entrypoint"].partition(":")[0]).is_file():
        raise CodeMissing(GONE.format(folder))
    return folder


def fetched(package: dict[str, Any], parent: Path) -> Path:
    """Return the folder of a code package's files, which are fetched if they are not there yet.

    Args:
        package: The flow, and what Metaflow needs to find the package: `ds_type`, `location`,
            `sha` and `metadata`.
        parent: The folder in which theirs is made.
    """
    from metaflow.client.filecache import FileCache  # noqa: PLC0415 - it takes a second
    from metaflow.package import MetaflowPackage  # noqa: PLC0415

    folder = parent / f"metaflow-{package['sha'][:16]}"
    if folder.is_dir():
        return folder
    place = (package["ds_type"], package["flow"], package["location"], package["sha"])
    _, archive = FileCache().get_data(*place)
    with tempfile.TemporaryDirectory(dir=parent) as scratch:
        whole = Path(scratch, "whole")
        whole.mkdir()
        MetaflowPackage.cls_extract_into(package["metadata"], BytesIO(archive), str(whole))
        try:
            whole.rename(folder)
        except OSError:  # another run in this folder was quicker
            if not folder.is_dir():
                raise
    return folder


def stand_in(entrypoint: str, reason: str, parent: Path) -> Path:
    """Return the folder of a flow that does nothing but say why the real one is not there.

    Args:
        entrypoint: The generated file and its function, as `a_prefect.py:a`.
        reason: What it says.
        parent: The folder in which its folder is made.
    """
    name, _, function = entrypoint.partition(":")
    folder = Path(tempfile.mkdtemp(prefix="metaflow-", dir=parent))
    folder.joinpath(name).write_text(STAND_IN.format(function=function, reason=reason), "utf-8")
    return folder


if __name__ == "__main__":
    wanted = json.loads(os.environ["METAFLOW_PREFECT_CODE"])
    try:
        found = folder_of(wanted, Path.cwd())
    except CodeMissing as missing:
        found = stand_in(wanted["entrypoint"], str(missing), Path.cwd())
    sys.stdout.write(f"{found}\n")
