"""Whether there is a server to deploy to."""

import os

from mfp.errors import UsageError


def has_server(*, needed: bool) -> bool:
    """Say whether there is a server; ask Prefect's settings only if the variable is not set.

    Args:
        needed: Whether it is an error if there is none.

    Raises:
        UsageError: If there is none, but one is needed.
    """
    if os.environ.get("PREFECT_API_URL"):
        return True
    from prefect.settings import get_current_settings  # noqa: PLC0415  (takes a second)

    if get_current_settings().api.url:
        return True
    if needed:
        from metaflow_prefect.deploy.description import NO_SERVER, SET_SERVER  # noqa: PLC0415

        raise UsageError(NO_SERVER.rstrip("."), SET_SERVER)
    return False
