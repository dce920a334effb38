"""What tests that run flows have in common."""

from collections.abc import Iterator

import pytest
from e2e.scheduler import client_of
from prefect.client.orchestration import SyncPrefectClient


@pytest.fixture(scope="module")
def client(prefect_api: str) -> Iterator[SyncPrefectClient]:
    """A client of the server that all tests share."""
    with client_of(prefect_api) as client:
        yield client
