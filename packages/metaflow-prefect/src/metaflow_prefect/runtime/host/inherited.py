"""What a forked process must forget of the one it comes from, and what it may keep."""

from __future__ import annotations

import sys
import tempfile
import time
from typing import Any


def know_environment() -> None:
    """Have libraries see this process's own environment, and not that of the other.

    What they have kept of the environment is forgotten. numpy's random numbers would be
    the same in all steps; `random` has a hook for that itself.
    """
    time.tzset()
    tempfile.tempdir = None
    if numbers := sys.modules.get("numpy.random"):
        vars(numbers)["seed"]()


def known_repository() -> Any:
    """Return what Metaflow has found out about the git repository of the flow's file.

    It asks git up to five times, in every process anew; all steps of a run can share
    the answers.
    """
    return getattr(sys.modules.get("metaflow.metaflow_git"), "_git_info_cache", None)


def know_repository(known: Any) -> None:
    """Take over what `known_repository` returned in another process."""
    if known is not None:
        vars(sys.modules["metaflow.metaflow_git"])["_git_info_cache"] = known
