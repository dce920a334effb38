"""The versions of Metaflow and Prefect that are supported: the one place that says so.

The bounds in `pyproject.toml`, the README and the environments of the tests are held to
it, and whatever runs a flow looks at it first.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys

# The first version that is supported, and the first that is not (None: not known).
METAFLOW_VERSIONS = ("2.19.23", None)
PREFECT_VERSIONS = ("3.8", "3.10")
UNSUPPORTED = 'This needs {0} {1} or later, not {2}: pip install "{0}>={1}"'
UNKNOWN = "{0} {2} is newer than what this file was tested with: {0} before {1}."


def version_problem(package: str) -> str | None:
    """Say what is wrong with a package, if it is too old.

    Of one that is too new standard error has a line, as it may work.

    Args:
        package: "metaflow" or "prefect".
    """
    supported = METAFLOW_VERSIONS if package == "metaflow" else PREFECT_VERSIONS
    first, beyond = supported
    try:
        found = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None  # a checkout of it, or a package that holds it under another name
    if _numbers(found) < _numbers(first):
        return UNSUPPORTED.format(package, first, found)
    if beyond is not None and _numbers(found) >= _numbers(beyond):
        sys.stderr.write(UNKNOWN.format(package, beyond, found) + "\n")
    return None


def check_prefect(name: str) -> None:
    """Refuse a Prefect that is too old, before more of it is imported.

    Args:
        name: The name of the module that needs it; `__main__` is ended.

    Raises:
        ImportError: Prefect is too old.
    """
    problem = version_problem("prefect")
    if problem is None:
        return
    if name != "__main__":
        raise ImportError(problem)
    sys.stderr.write(f"{problem}\n")
    sys.exit(2)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]
