"""Fetch a code package of Metaflow's, on the machine that is to run it.

This is the program of a pull step: a worker runs it with the Python that runs the flow, which has
Metaflow but not this package. It prints the folder that the code is in now, and no other line.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from metaflow.client.filecache import FileCache
from metaflow.package import MetaflowPackage


def fetched(package: dict[str, Any], parent: Path) -> Path:
    """Return the folder of a code package's files, which are fetched if they are not there yet.

    Args:
        package: The flow, and what Metaflow needs to find the package: `ds_type`, `location`,
            `sha` and `metadata`.
        parent: The folder in which theirs is made.
    """
    folder = parent / f"metaflow-{package['sha'][:16]}"
    if folder.is_dir():
        return folder
    place = (package["ds_type"], package["flow"], package["location"], package["sha"])
    archive = BytesIO(FileCache().get_data(*place))
    with tempfile.TemporaryDirectory(dir=parent) as scratch:
        whole = Path(scratch, "whole")
        whole.mkdir()
        MetaflowPackage.cls_extract_into(package["metadata"], archive, str(whole))
        try:
            whole.rename(folder)
        except OSError:  # another run in this folder was quicker
            if not folder.is_dir():
                raise
    return folder


if __name__ == "__main__":
    wanted = json.loads(os.environ["METAFLOW_PREFECT_PACKAGE"])
    try:
        sys.stdout.write(f"{fetched(wanted, Path.cwd())}\n")
    except Exception as error:  # noqa: BLE001 - of whichever datastore
        sys.exit(
            f"The code package {wanted['location']} cannot be fetched: "
            f"{type(error).__name__}: {error}. The worker needs Metaflow, and access to its "
            "datastore."
        )
