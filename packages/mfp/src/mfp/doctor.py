"""Find out whether flows can be run and deployed from this environment."""

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from packaging.version import Version

from mfp.__about__ import __version__
from mfp.errors import MfpError
from mfp.installation import CORE, OWN, check_core, install_remedy
from mfp.settings import read_settings

if TYPE_CHECKING:
    from prefect.client.schemas.objects import WorkPool

Status: TypeAlias = Literal["ok", "warning", "failed"]

SERVER_LIMIT = 120  # seconds to import Prefect's server, which on a cold disk takes long
API_LIMIT = 15  # seconds until a server that does not answer is given up
LAUNCHERS = ("warm", "fresh")
# Prefect 3.8 does not bound them. From this FastAPI on, its server refuses `null` where Prefect's
# client sends it, so that `prefect deploy` fails; from this SQLAlchemy on, it fails to insert the
# runs of a schedule, so that none ever starts anything.
BROKEN_BY = {"fastapi": "0.151", "sqlalchemy": "2.1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one look has shown.

    Attributes:
        name: What was looked at.
        status: `failed` if flows cannot be run here, `warning` if something else cannot be done.
        message: What is there, or what is wrong.
        remedy: What to do, as a whole sentence; empty if all is well.
    """

    name: str
    status: Status
    message: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, one after the other.

    Yields:
        What each look has shown.
    """
    yield _python()
    yield _packages()
    yield _metaflow()
    prefect = _prefect()
    yield prefect
    yield _launcher()
    if prefect.status == "ok":
        yield from asyncio.run(look_at_api())


def _python() -> Finding:
    found = f"{sys.version.split()[0]} on {sys.platform}, {sys.executable}"
    if sys.platform.startswith(("linux", "darwin")):
        return Finding(name="Python", status="ok", message=found)
    remedy = "Use Linux or macOS; on Windows, the Windows Subsystem for Linux."
    return Finding(name="Python", status="failed", message=found, remedy=remedy)


def _packages() -> Finding:
    try:
        check_core()
    except MfpError as error:
        return Finding(name="mfp", status="failed", message=error.message, remedy=error.remedy)
    message = f"{CORE} {__version__}, {OWN} {__version__}"
    return Finding(name="mfp", status="ok", message=message)


def _metaflow() -> Finding:
    def look() -> str:
        from metaflow.util import get_username  # noqa: PLC0415

        user = get_username()
        if not user:
            raise LookupError("it does not know who you are")
        return f"{version('metaflow')}, as the user {user}"

    return _found("Metaflow", look, "Set METAFLOW_USER to some name.", LookupError)


def _prefect() -> Finding:
    def look() -> str:
        subprocess.run(
            [sys.executable, "-c", "import gc; gc.disable(); import prefect.server.api.server"],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SERVER_LIMIT,
        )
        return f"{version('prefect')}, its server can be imported"

    try:
        return broken_server() or _found("Prefect", look, "")
    except subprocess.TimeoutExpired:
        message = f"its server took more than {SERVER_LIMIT} s to import"
        return Finding(name="Prefect", status="failed", message=message, remedy="Try again.")
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines() or ["no reason given"]
        is_setting = "SettingsError" in lines[-1]
        return Finding(
            name="Prefect",
            status="failed",
            message=f"its server cannot be imported: {lines[-1]}",
            remedy="Correct that file, from which Prefect takes settings."
            if is_setting
            else "Install it anew with what it needs: pip install --upgrade prefect.",
        )


def broken_server() -> Finding | None:
    """Say if Prefect's server is known to fail with what is installed, though pip took it."""
    try:
        prefect, found = version("prefect"), {name: version(name) for name in BROKEN_BY}
    except PackageNotFoundError:
        return None  # which importing the server tells
    if Version(prefect) >= Version("3.9"):
        return None
    later = [name for name, first in BROKEN_BY.items() if Version(found[name]) >= Version(first)]
    if not later:
        return None
    fitting = " ".join(f"'{name}<{first}'" for name, first in BROKEN_BY.items())
    return Finding(
        name="Prefect",
        status="failed",
        message=f"the server of Prefect {prefect} fails with "
        + " and ".join(f"{name} {found[name]}" for name in later),
        remedy=f"Upgrade Prefect to 3.9, or install: pip install {fitting}.",
    )


def _found(name: str, look: Callable[[], str], remedy: str, *expected: type[Exception]) -> Finding:
    """Tell what a look shows; a package that is not there is a finding, too."""
    try:
        return Finding(name=name, status="ok", message=look())
    except (PackageNotFoundError, ImportError) as error:
        return Finding(name=name, status="failed", message=str(error), remedy=install_remedy())
    except expected as error:
        return Finding(name=name, status="failed", message=str(error), remedy=remedy)


def _launcher() -> Finding:
    chosen = os.environ.get("METAFLOW_PREFECT_LAUNCHER", "")
    if chosen and chosen not in LAUNCHERS:
        return Finding(
            name="launcher",
            status="failed",
            message=f"METAFLOW_PREFECT_LAUNCHER is {chosen!r}",
            remedy=f"Set it to {' or '.join(LAUNCHERS)}, or not at all.",
        )
    if sys.platform == "linux" and chosen != "fresh":
        return Finding(name="launcher", status="ok", message="warm: steps are forked")
    message = "fresh: each step starts an interpreter, which takes a second"
    return Finding(name="launcher", status="ok", message=message)


async def look_at_api() -> list[Finding]:
    """Look at the server that Prefect's settings name, and at its work pools.

    Returns:
        What that has shown.
    """
    from metaflow_prefect.deploy.description import SET_SERVER  # noqa: PLC0415
    from prefect.client.orchestration import get_client  # noqa: PLC0415  (takes seconds)
    from prefect.settings import get_current_settings  # noqa: PLC0415

    if not get_current_settings().api.url:
        return [
            Finding(
                name="API",
                status="warning",
                message="PREFECT_API_URL is not set: each run starts a server for its own time",
                remedy=f"To deploy: {SET_SERVER[0].lower()}{SET_SERVER[1:]}",
            )
        ]
    from metaflow_prefect.deploy.errors import server_errors  # noqa: PLC0415
    from metaflow_prefect.deploy.server import api_url  # noqa: PLC0415
    from metaflow_prefect.errors import MetaflowPrefectError  # noqa: PLC0415

    async def read_pools() -> "list[WorkPool]":
        async with get_client() as client:  # which asks for the server's version first
            return await client.read_work_pools()

    url = api_url()
    try:
        with server_errors(url):
            pools = await asyncio.wait_for(read_pools(), API_LIMIT)
    except MetaflowPrefectError as error:
        text, remedy = error.message.rstrip("."), error.remedy
        return [Finding(name="API", status="failed", message=text, remedy=remedy)]
    except asyncio.TimeoutError:
        message = f"{url} has not answered for {API_LIMIT} s"
        remedy = "Start the server, or correct PREFECT_API_URL."
        return [Finding(name="API", status="failed", message=message, remedy=remedy)]
    return [Finding(name="API", status="ok", message=f"{url} answers"), *_work_pools(pools)]


def _work_pools(pools: "Sequence[WorkPool]") -> Iterator[Finding]:
    """Look at the work pools, and at those that the settings name."""
    states = {pool.name: _state(pool) for pool in pools}
    listed = ", ".join(f"{pool.name} ({pool.type}, {states[pool.name]})" for pool in pools)
    waiting = [name for name, state in states.items() if state == "no worker"]
    if not pools:
        listed = "none: nothing can be deployed"
        remedy = "Make one: prefect work-pool create default --type process."
    elif waiting:
        remedy = f"Start a worker: prefect worker start --pool {shlex.quote(waiting[0])}."
    else:
        remedy = ""
    status: Status = "warning" if remedy else "ok"
    yield Finding(name="work pools", status=status, message=listed, remedy=remedy)
    settings = read_settings(Path.cwd())
    tables = [settings.table, *(one.table for one in settings.overrides)]
    for name in dict.fromkeys(one["work-pool"] for one in tables if "work-pool" in one):
        if name not in states:
            yield Finding(
                name=f"work pool {name}",
                status="warning",
                message="pyproject.toml names it, and the server has none of that name",
                remedy=f"Make it: prefect work-pool create {shlex.quote(name)} --type process.",
            )


def _state(pool: "WorkPool") -> str:
    if pool.is_paused:
        return "paused"
    return "no worker" if pool.status and pool.status.value == "NOT_READY" else "ready"
