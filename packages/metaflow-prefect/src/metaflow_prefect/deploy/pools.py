"""Which work pool a deployment's runs go to, and what that pool's type allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from prefect.client.schemas.objects import WorkPool
from prefect.settings import get_current_settings

from metaflow_prefect.deploy.description import DEFAULT_NAME
from metaflow_prefect.errors import DeployProblem

LOCAL_POOL = "process"  # its runs are processes of the worker's own machine
AGENT_POOL = "prefect-agent"  # of Prefect 2, which nothing serves any more


def choose_pool(pools: Mapping[str, WorkPool], name: str | None, *, url: str) -> WorkPool:
    """Find the work pool for a deployment.

    Args:
        pools: The server's work pools by name.
        name: The pool that the user names. `None` is the one of Prefect's settings, or the
            one named `default`, or the only one that runs processes.
        url: The server's URL, to be named where there is none.

    Raises:
        DeployProblem: There is none of that name, or it cannot run anything.
    """
    chosen = name or _default_pool(pools)
    if chosen is None or chosen not in pools:
        wanted = chosen or DEFAULT_NAME
        known = ", ".join(sorted(pools)) or "none"
        raise DeployProblem(
            f"The server {url} has no work pool named {wanted}; those it has: {known}.",
            f"Make it by `prefect work-pool create {wanted} --type process`, "
            "or name another by --work-pool.",
        )
    if pools[chosen].type == AGENT_POOL:
        raise DeployProblem(
            f"The work pool {chosen} is of the type {AGENT_POOL}, which Prefect 3 does not run.",
            "Name another by --work-pool.",
        )
    return pools[chosen]


def check_reach(pool: WorkPool, *, folder: bool, local_datastore: bool) -> None:
    """Refuse a pool whose runs would not find the code, or whose data would not be found.

    Args:
        pool: The work pool.
        folder: Whether the code is in a folder of this machine.
        local_datastore: Whether Metaflow's data is in a folder of the machine of the run.

    Raises:
        DeployProblem: It cannot work.
    """
    if pool.type == LOCAL_POOL:
        return
    if folder:
        raise DeployProblem(
            f"The work pool {pool.name} is of the type {pool.type}, whose runs do not see "
            "the folders of this machine.",
            "Name one of the type process by --work-pool; or have workers fetch the code: "
            "`prefect create --pull package` from the datastore, `--pull git` from a repository.",
        )
    if local_datastore:
        raise DeployProblem(
            f"The work pool {pool.name} is of the type {pool.type}, whose runs keep no data in a "
            "local datastore.",
            "Use --datastore=s3, azure or gs, or a work pool of the type process.",
        )


def check_job_variables(
    pool: WorkPool, given: Mapping[str, Any], kept: Mapping[str, Any] | None = None
) -> None:
    """Refuse job variables with which no run of the pool could be started.

    Args:
        pool: The work pool, whose own template says which variables there are.
        given: What the user gives, by name.
        kept: What the deployment has already on the server.

    Raises:
        DeployProblem: The pool would ignore one of them, or does not take its value, or lacks one.
    """
    if not pool.base_job_template:  # the pool's first worker will set it
        return
    schema: dict[str, Any] = pool.base_job_template.get("variables", {})
    known: Mapping[str, Any] = schema.get("properties", {})
    whose = f"The work pool {pool.name} of the type {pool.type}"
    for name in sorted(given):
        if name not in known:
            alike = get_close_matches(name, known, 1)
            raise DeployProblem(
                f"{whose} has no job variable {name}; those it has: {', '.join(sorted(known))}.",
                f"Did you mean {alike[0]}?"
                if alike
                else "Correct the name, or add it to the pool's base job template.",
            )
    if "env" not in known:
        raise DeployProblem(
            f"{whose} has no job variable env, in which a deployment keeps what its runs need.",
            "Add it to the pool's base job template, and use it there as the job's environment.",
        )
    # It imports SQLAlchemy, which no other command needs.
    from prefect.utilities.schema_tools import ValidationError, validate  # noqa: PLC0415

    try:
        # As the server does, which would refuse it later and in more words.
        validate(
            dict(given),
            schema,
            raise_on_error=True,
            ignore_required=True,
            allow_none_with_default=True,
        )
    except ValidationError as error:
        raise DeployProblem(f"{whose} does not take it: {error}.", "Correct the value.") from error
    there = {**(kept or {}), **given}
    needed = [n for n in schema.get("required", ()) if "default" not in known.get(n, {})]
    if missing := [name for name in needed if name not in there]:
        raise DeployProblem(
            f"{whose} needs a value for {', '.join(missing)}.",
            f"Give it by --job-variable {missing[0]}=VALUE, or set a default in the pool's base "
            "job template.",
        )


def _default_pool(pools: Mapping[str, WorkPool]) -> str | None:
    if named := get_current_settings().deployments.default_work_pool_name:
        return named
    processes: Sequence[str] = [name for name, pool in pools.items() if pool.type == LOCAL_POOL]
    if DEFAULT_NAME in pools or len(processes) != 1:
        return DEFAULT_NAME if DEFAULT_NAME in pools else None
    return processes[0]
