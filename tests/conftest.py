"""One Prefect server for all tests of a session that ask for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from support.server import use_server

# A failing graph is told as it was found: to shrink it would run flows for an hour.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
_SLOW = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)
settings.register_profile("default", deadline=None, phases=_PHASES, suppress_health_check=_SLOW)
settings.register_profile(
    "ci", deadline=None, phases=_PHASES, suppress_health_check=_SLOW, derandomize=True
)
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this session share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def prefect_api(shared_folder: Path) -> Iterator[str]:
    """The URL of the API of a Prefect server, the same for all workers of the session."""
    with use_server(shared_folder) as url:
        yield url
