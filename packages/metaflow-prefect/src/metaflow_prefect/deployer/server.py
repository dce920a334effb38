"""The server that a deployer's environment names, and what is done on it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from metaflow_prefect.errors import MetaflowPrefectError

if TYPE_CHECKING:
    from metaflow_prefect.deploy.operations import Operator

# How a process reaches its server; a `Deployer` may have others than this process began with.
SERVER_SETTINGS = ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_API_AUTH_STRING")


@contextmanager
def server_of(environment: Mapping[str, str]) -> Iterator[Operator]:
    """Connect to the server that an environment names.

    Args:
        environment: The environment.
    """
    import prefect.settings  # noqa: PLC0415 - it takes seconds

    from metaflow_prefect.deploy.operations import operator  # noqa: PLC0415

    chosen = {
        getattr(prefect.settings, name): environment[name]
        for name in SERVER_SETTINGS
        if environment.get(name)
    }
    with prefect.settings.temporary_settings(chosen), operator() as server:
        yield server


def went_well(what: Callable[[], object]) -> bool:
    """Do something as a command does: report what goes wrong, and return whether it went well.

    Args:
        what: Does it.
    """
    try:
        what()
    except MetaflowPrefectError as problem:
        sys.stderr.write(f"{problem}\n")
        return False
    return True


def user_of(deployer: Any) -> str | None:
    """Return who uses a deployer, as far as its environment says.

    Args:
        deployer: Metaflow's deployer.
    """
    found: str | None = deployer.env_vars.get("METAFLOW_USER")
    return found
