"""Prefect's server: whether it answers, before a run begins."""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from typing import Any

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.context import (
    SettingsContext,
    SyncClientContext,
    get_settings_context,
)
from prefect.settings import (
    PREFECT_API_BLOCKS_REGISTER_ON_START,
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
)

from .heartbeat import Heartbeats

# A cold start of Prefect's temporary server takes a slow machine far more than
# Prefect's own limit of 20 seconds.
SERVER_START_SECONDS = 300
ANSWER_SECONDS = 15.0
BUSY = 503  # what a server answers whose database is busy
BUSY_PAUSE = 0.5  # seconds before it is asked again, twice as long each time
IMPORTED_IN_A_RUN = (
    "pydantic.v1",
    "prefect.utilities.visualization",
    "anyio._backends._asyncio",
)
OTHER_VERSION = "See which version Prefect's server has, and whether it is well."
STARTING = (
    "Starting Prefect's temporary server, which takes some seconds: PREFECT_API_URL "
    "is not set.\n"
)


class ServerProblem(Exception):
    """Prefect's server cannot be used as things are; the message says what to do."""


class ServerStart:
    """Asks Prefect's server for an answer, or starts the temporary one.

    This happens in a thread, beside what else there is to do before a run.
    """

    def __init__(self) -> None:
        self._problem: Exception | None = None
        self._resources = ExitStack()
        self._context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=self._context.run, args=(self._ask,), daemon=True
        )
        self._thread.start()

    def wait(self) -> None:
        """Wait for the answer.

        Raises:
            ServerProblem: There is none, or not the right one.
        """
        if self._thread.is_alive() and not PREFECT_API_URL.value():
            sys.stderr.write(STARTING)
        self._thread.join()
        if self._problem is not None:
            raise self._problem

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call something that goes on with the client to which the server has answered.

        Another one takes 30 ms to make, for the certificates that it reads.
        """
        try:
            return self._context.run(function, *arguments)
        finally:
            self._context.run(self._resources.close)

    def _ask(self) -> None:
        try:
            with server_problems(ANSWER_SECONDS), _other_problems():
                _ask_server(self._resources)
        except Exception as problem:  # noqa: BLE001 - raised where it is awaited
            self._problem = problem


def import_ahead() -> None:
    """Import what Prefect imports in a run, while Metaflow loads the flow."""
    for name in IMPORTED_IN_A_RUN:
        with suppress(ImportError):
            import_module(name)


class NoServerNews(logging.Filter):
    """Drops what Prefect logs of its temporary server's start and stop.

    A command that is refused has started it for nothing, and its user is to read why.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every other record pass."""
        news = ("Starting temporary server", "Stopping temporary server")
        return not record.getMessage().startswith(news)


@contextmanager
def settings_of_run() -> Iterator[None]:
    """Change what Prefect does beside a run that a command line starts.

    Its temporary server gets the time that it takes, and less to do; the heartbeats of
    the run are left to us.
    """
    limit = PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS
    settings = Heartbeats.take_over()
    settings[limit] = max(limit.value(), SERVER_START_SECONDS)
    if not PREFECT_API_URL.value():
        logging.getLogger("prefect").addFilter(NoServerNews())
        # Its database has a single writer, and these two make the others wait; without
        # a network the second prints errors that mean nothing for the run.
        settings[PREFECT_API_BLOCKS_REGISTER_ON_START] = False
        settings[PREFECT_SERVER_ANALYTICS_ENABLED] = False
    with changed_settings(settings):
        yield


@contextmanager
def changed_settings(values: Mapping[Any, Any]) -> Iterator[None]:
    """Change settings as Prefect's `temporary_settings`, which takes 15 ms, does."""
    context = get_settings_context()
    settings = context.settings
    for setting, value in values.items():
        settings = _changed(settings, setting.accessor.split("."), value)
    with SettingsContext(profile=context.profile, settings=settings):
        yield


def _changed(settings: Any, names: Sequence[str], value: Any) -> Any:
    first, *rest = names
    new = _changed(getattr(settings, first), rest, value) if rest else value
    return settings.model_copy(update={first: new})


def _ask_server(resources: ExitStack) -> None:
    if not PREFECT_API_URL.value():
        get_client(sync_client=True)
        return
    hasty = {
        PREFECT_CLIENT_MAX_RETRIES: 0,
        PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED: False,
    }
    retries = PREFECT_CLIENT_MAX_RETRIES.value()
    client_context = SyncClientContext()
    with changed_settings(hasty):
        client = resources.enter_context(client_context).client
        with _soon(client):
            answer = _answer(client, retries)
    if type(answer) is not int:
        raise ServerProblem(_other_server(PREFECT_API_URL.value() or ""))
    if PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED.value():
        try:
            client.raise_for_api_version_mismatch_once()
        except RuntimeError as error:
            raise ServerProblem(f"{error} {OTHER_VERSION}") from error


@contextmanager
def _soon(client: SyncPrefectClient) -> Iterator[None]:
    """Let no request wait longer, nor that for a token, which comes before ours."""
    requests = client._client
    usual, requests.timeout = requests.timeout, ANSWER_SECONDS
    try:
        yield
    finally:
        requests.timeout = usual


def _answer(client: SyncPrefectClient, retries: int) -> Any:
    """Ask something for which the server wants to know who asks.

    Prefect's client, told to ask again, would also do so where no server is.
    """
    import httpx

    pause = BUSY_PAUSE
    while True:
        try:
            return client.request("POST", "/flows/count", json={}).json()
        except httpx.HTTPStatusError as error:
            if error.response.status_code != BUSY or not retries:
                raise
            time.sleep(pause)
            pause, retries = 2 * pause, retries - 1


@contextmanager
def server_problems(limit: float) -> Iterator[None]:
    """Turn what goes wrong with the server into a sentence with what to do.

    Args:
        limit: How many seconds it had for an answer.

    Raises:
        ServerProblem: What was raised, in words.
    """
    import httpx

    url = PREFECT_API_URL.value() or ""
    server = f"Prefect's server at {url}" if url else "Prefect's temporary server"
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ServerProblem(f"PREFECT_API_URL is {url!r}: {error}") from error
    except httpx.TimeoutException as error:
        raise ServerProblem(
            f"{server} has not answered within {limit:g} seconds. See whether "
            "it is well, or correct PREFECT_API_URL."
        ) from error
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise ServerProblem(
                f"{server} rejected our credentials ({status}). Set PREFECT_API_KEY, "
                "or PREFECT_API_AUTH_STRING, to what it wants."
            ) from error
        if status >= 500:
            raise ServerProblem(
                f"{server} answered {status}. See whether it is well."
            ) from error
        raise ServerProblem(_other_server(url)) from error
    except httpx.RequestError as error:
        raise ServerProblem(
            f"{server} cannot be reached: {error}. Start it, correct PREFECT_API_URL, "
            "or unset that, and a temporary server is used."
        ) from error


@contextmanager
def _other_problems() -> Iterator[None]:
    try:
        yield
    except ValueError as error:  # no JSON
        raise ServerProblem(_other_server(PREFECT_API_URL.value() or "")) from error
    except RuntimeError as error:  # the temporary server has not started
        raise ServerProblem(
            f"Prefect's temporary server: {error} Try again; or start a server by "
            "`prefect server start`, and set PREFECT_API_URL."
        ) from error


def _other_server(url: str) -> str:
    return (
        f"What answers at {url} is not the API of a Prefect server. Correct "
        "PREFECT_API_URL, which usually ends with /api."
    )
