"""Which work pools and job variables a deployment may have: of every type that Prefect knows."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import prefect
import pytest
from metaflow_prefect.deploy.pools import check_job_variables, check_reach, choose_pool
from metaflow_prefect.errors import DeployProblem
from prefect.client.schemas.objects import WorkPool

# What Prefect's server offers to `prefect work-pool create` where it has no network.
VIEWS = Path(prefect.__file__).parent / "server" / "api" / "collections_data" / "views"
KNOWN = json.loads((VIEWS / "aggregate-worker-metadata.json").read_text(encoding="utf-8"))
TEMPLATES = {
    kind: worker["default_base_job_configuration"]
    for workers in KNOWN.values()
    for kind, worker in workers.items()
}
# What a pool of the type needs to be told, and has no default for.
NEEDED = {
    "azure-container-instance": {"resource_group_name": "group", "subscription_id": "{{ block }}"},
    "vertex-ai": {"region": "here"},
}
ELSEWHERE = sorted(set(TEMPLATES) - {"process"})


def pool_of(kind: str, template: dict[str, Any] | None = None) -> WorkPool:
    chosen = TEMPLATES[kind] if template is None else template
    return WorkPool(name="a", type=kind, base_job_template=chosen, default_queue_id=uuid4())


def test_prefect_knows_these_types() -> None:
    assert {"docker", "kubernetes", "ecs", "cloud-run", "cloud-run-v2"} < set(ELSEWHERE)


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_a_pool_elsewhere_takes_an_image_and_refuses_what_it_cannot_reach(kind: str) -> None:
    pool = pool_of(kind)
    check_reach(pool, folder=False, local_datastore=False)
    check_job_variables(pool, {"image": "mine:1", **NEEDED.get(kind, {})})
    with pytest.raises(DeployProblem, match="do not see the folders"):
        check_reach(pool, folder=True, local_datastore=False)
    with pytest.raises(DeployProblem, match="local datastore"):
        check_reach(pool, folder=False, local_datastore=True)
    with pytest.raises(DeployProblem, match=r"no job variable imgae.*\n?.*Did you mean image\?"):
        check_job_variables(pool, {"imgae": "mine:1"})
    with pytest.raises(DeployProblem, match="base job template"):
        check_job_variables(pool, {"zzz": 1})


@pytest.mark.parametrize("kind", NEEDED)
def test_what_a_pool_needs_is_asked_for(kind: str) -> None:
    first, *rest = {**NEEDED[kind], "image": "mine:1"}.items()
    with pytest.raises(DeployProblem, match=f"needs a value for {first[0]}"):
        check_job_variables(pool_of(kind), dict(rest))
    check_job_variables(pool_of(kind), dict(rest), kept=dict([first]))


def test_a_value_of_another_type_is_refused() -> None:
    check_job_variables(pool_of("kubernetes"), {"finished_job_ttl": 60})
    with pytest.raises(DeployProblem, match=r"does not take it: .*finished_job_ttl"):
        check_job_variables(pool_of("kubernetes"), {"finished_job_ttl": "soon"})


def test_a_template_without_an_environment_is_refused() -> None:
    bare = {"job_configuration": {}, "variables": {"type": "object", "properties": {}}}
    with pytest.raises(DeployProblem, match="no job variable env"):
        check_job_variables(pool_of("kubernetes", bare), {})
    # A new pool without a template gets one from its first worker.
    check_job_variables(pool_of("kubernetes", {}), {"image": "mine:1"})


def test_a_process_pool_sees_folders_and_has_no_image() -> None:
    pool = pool_of("process")
    check_reach(pool, folder=True, local_datastore=True)
    with pytest.raises(DeployProblem, match="no job variable image"):
        check_job_variables(pool, {"image": "mine:1"})


def test_the_pool_is_the_one_named_or_the_usual_one() -> None:
    pools = {"a": pool_of("process"), "b": pool_of("docker")}
    assert choose_pool(pools, "b", url="").type == "docker"
    assert choose_pool(pools, None, url="").name == "a"
    assert choose_pool({**pools, "default": pool_of("ecs")}, None, url="").type == "ecs"
    with pytest.raises(DeployProblem, match="no work pool named c; those it has: a, b"):
        choose_pool(pools, "c", url="")
    agent = {"old": pool_of("prefect-agent", {})}
    with pytest.raises(DeployProblem, match="Prefect 3 does not run"):
        choose_pool(agent, "old", url="")
