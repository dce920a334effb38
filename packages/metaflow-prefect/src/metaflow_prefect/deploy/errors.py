"""What goes wrong between us and a Prefect server, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError

import httpx
from prefect.exceptions import ObjectNotFound, PrefectException, ScriptError
from pydantic import ValidationError

from metaflow_prefect.errors import DeployProblem


@contextmanager
def server_errors(url: str) -> Iterator[None]:
    """Turn Prefect's errors into ours.

    Args:
        url: The server's URL.

    Raises:
        DeployProblem: Prefect has raised an error.
    """
    try:
        yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise DeployProblem(
                f"The server {url} rejected our credentials ({status}).",
                "Correct PREFECT_API_KEY, or PREFECT_API_AUTH_STRING.",
            ) from error
        if status in (409, 422):
            raise _refused(detail(error.response)) from error
        raise DeployProblem(
            f"The server {url} answered {status}: {detail(error.response)}.",
            "If it is not a Prefect server, correct PREFECT_API_URL.",
        ) from error
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise _silent(url, error) from error
    except (JSONDecodeError, ValidationError) as error:
        raise _odd(url) from error
    except ScriptError as error:
        cause = error.user_exc
        raise DeployProblem(
            f"Prefect cannot load the generated file: {type(cause).__name__}: {cause}",
            "Generate it again.",
        ) from error
    except (PrefectException, RuntimeError) as error:
        if "Failed to reach API" in str(error):
            odd = isinstance(error.__cause__, (JSONDecodeError, ValidationError))
            raise (_odd(url) if odd else _silent(url, error)) from error
        raise _refused(str(error).rstrip(".")) from error


@contextmanager
def tolerated(status: int) -> Iterator[None]:
    """Take an answer for a success that a write gets which has been done already.

    Prefect's client writes again where an answer was lost.

    Args:
        status: The answer's status: 404 of a deletion, 409 of what is to be made.
    """
    try:
        yield
    except ObjectNotFound:
        if status != httpx.codes.NOT_FOUND:
            raise
    except httpx.HTTPStatusError as error:
        if error.response.status_code != status:
            raise


def _refused(reason: str) -> DeployProblem:
    return DeployProblem(
        f"Prefect rejected the deployment: {reason}.",
        "Correct what it names, and deploy again.",
    )


def _odd(url: str) -> DeployProblem:
    return DeployProblem(
        f"{url} does not answer as a Prefect server.",
        "Correct PREFECT_API_URL; it ends in /api.",
    )


def _silent(url: str, error: Exception) -> DeployProblem:
    return DeployProblem(
        f"No Prefect server answers at {url} ({type(error.__cause__ or error).__name__}).",
        "Start it, or correct PREFECT_API_URL.",
    )


def detail(response: httpx.Response) -> str:
    """Return why a server has refused what it was asked, without a full stop.

    Args:
        response: Its answer, which may hold all that it was asked.
    """
    try:
        found = response.json()
    except ValueError:
        return str(response.reason_phrase)
    if isinstance(found, dict):
        wrong = found.get("exception_detail")
        if isinstance(wrong, list) and all(isinstance(one, dict) for one in wrong):
            found = "; ".join(
                f"{'.'.join(map(str, one.get('loc', ())))}: {one.get('msg')}" for one in wrong
            )
        else:
            found = found.get("detail", found)
    return str(found).rstrip(".")
