"""Which code is the repository's own, and which is Python's, an installed package's or ours."""

import sysconfig
from functools import cache
from pathlib import Path

import metaflow_prefect

import mfp


@cache
def installed_folders() -> tuple[str, ...]:
    """Give the folders of Python, of what is installed and of us, the innermost first.

    Returns:
        Their paths, each with a slash at its end.
    """
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    paths = [sysconfig.get_path(name) for name in names]
    paths += [folder for package in (mfp, metaflow_prefect) for folder in package.__path__]
    # The innermost come first: what is installed lies inside the standard library's folder.
    folders = {f"{Path(path)}/" for path in paths}
    return tuple(sorted(folders, key=lambda folder: (-len(folder), folder)))
