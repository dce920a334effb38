"""The life of a deployment: by the commands of a flow, and by Metaflow's own `Deployer`."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from e2e.project import SOURCES
from e2e.scheduler import Flows, client_of, make_pool, own_pool, worker
from metaflow_prefect.deploy.operations import Operator
from prefect.client.schemas.objects import FlowRun
from support.run import FOR_PREFECT
from support.wait import until

pytestmark = pytest.mark.xdist_group("operating")  # one worker of Prefect's is enough

POOL = own_pool("operating-tests")
SHOP_FLOW = "OperatedShopFlow"
GREETING = (SOURCES / "greeting.py").read_text()
SHOP = (SOURCES / "shop.py").read_text()
DEPLOYS = (SOURCES / "deploys.py").read_text()
OPERATES = (SOURCES / "operates.py").read_text()
WAITING = (SOURCES / "waiting.py").read_text()


def greeting(name: str) -> str:
    return GREETING.replace("GreetingFlow", name)


@pytest.fixture(scope="module")
def pool(prefect_api: str) -> str:
    return make_pool(prefect_api, POOL)


@pytest.fixture(scope="module")
def working(
    prefect_api: str, pool: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    environment = {
        n: v for n, v in os.environ.items() if not n.startswith(("METAFLOW_", "PREFECT_"))
    }
    folder = tmp_path_factory.mktemp("worker")
    variables = {
        "METAFLOW_USER": "worker",
        "PREFECT_API_URL": prefect_api,
        "PREFECT_HOME": str(folder / "home"),
        **FOR_PREFECT,
    }
    with worker(pool, environment | variables, folder):
        yield


def data(flows: Flows, flow: str, run_id: str) -> dict[str, Any]:
    """What a run has left in Metaflow."""
    look = (
        "import json; from metaflow import Run; "
        f"run = Run('{flow}/{run_id}', _namespace_check=False); task = run['start'].task; "
        "print(json.dumps([run.successful, sorted(run.tags), task['seen'].data, "
        "task['where'].data]))"
    )
    done = flows.run("-c", look)
    assert done.returncode == 0, done.stderr
    names = ("successful", "tags", "seen", "where")
    return dict(zip(names, json.loads(done.stdout), strict=True))


@dataclass(frozen=True)
class Kept:
    """A way to deploy a flow, and what its runs then have."""

    name: str
    top: tuple[str, ...]
    options: tuple[str, ...]
    where: list[Any]  # branch, whether it is production, namespace if not that of the token
    seen: list[Any]
    tag: str | None = None
    limits: frozenset[str] = frozenset()


WAYS = (
    Kept(
        "operated.prod", ("--production",), ("--tag", "of:prod"),
        ["prod", True, None], [0, None], tag="of:prod",
    ),
    Kept(
        "operated.test.foo",
        ("--branch", "foo", "--with", 'environment:vars={"SEEN": "foo"}'),
        ("--max-num-splits", "300", "--max-workers", "2"),
        ["test.foo", False, None], [0, "foo"],
        limits=frozenset({"--max-num-splits=300", "--max-workers=2"}),
    ),
    Kept(
        "operated.user.tester", (), ("--namespace", "user:else"),
        ["user.tester", False, "user:else"], [0, None],
    ),
    Kept(
        "nightly", ("--config-value", "told", '{"a": 7}'), ("--name", "nightly"),
        ["user.tester", False, None], [7, None],
    ),
)  # fmt: skip
# Each way follows each other one once: so if none changes what another has made, no order does.
ORDER = (0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 3, 0)


@pytest.mark.usefixtures("working")
def test_deployments_of_one_flow_do_not_touch_each_other_in_any_order(
    tmp_path: Path, prefect_api: str, pool: str
) -> None:
    assert len(set(pairwise(ORDER))) == len(WAYS) * (len(WAYS) - 1)
    flows = Flows(tmp_path / "work", prefect_api, shop=SHOP)
    file = flows.path / "shop_prefect.py"

    with client_of(prefect_api) as client:

        def others(made: str) -> dict[str, Any]:
            found = Operator(client, "").deployments("OperatedShopFlow")
            return {one.name: one for one in found if one.name != made} | {
                "file": file.exists() and file.read_bytes()
            }

        for number, way in enumerate(WAYS[place] for place in ORDER):
            before = others(way.name)
            create = ("--quiet", "prefect", "create", "--work-pool", pool, *way.options)
            done = flows.run("shop.py", *way.top, *create)
            assert done.returncode == 0, done.stderr
            assert number == 0 or others(way.name) == before
        kept = {one.name: one.record for one in Operator(client, "").deployments(SHOP_FLOW)}
    text = file.read_text().partition("# =====")[0]
    assert not [word for word in ("prod", "foo", "SEEN", "told", "nightly") if word in text]

    runs = {}
    for way in WAYS:
        assert way.limits <= set(kept[way.name].run_options or ())
        name = ("--name", way.name) if way.name == "nightly" else ()
        trigger = ("prefect", *name, "trigger", "--run-id-file", "id")
        done = flows.run("shop.py", *way.top, "--quiet", *trigger)
        assert done.returncode == 0, done.stderr
        runs[way.name] = (flows.path / "id").read_text()
    tokens = set()
    for way in WAYS:
        assert flows.awaited("shop", runs[way.name], *way.top) == "Succeeded"
        found = data(flows, SHOP_FLOW, runs[way.name])
        branch, is_production, namespace = way.where
        [token] = [tag for tag in found["tags"] if tag.startswith("production:")]
        tokens.add(token)
        assert found["where"] == [branch, is_production, namespace or token], way.name
        assert found["seen"] == way.seen, way.name
        assert ("of:prod" in found["tags"]) == (way.tag == "of:prod")
    assert len(tokens) == len({way.where[0] for way in WAYS}), "one for each branch"
    refused = flows.run("shop.py", "--quiet", "prefect", "terminate", runs["operated.prod"])
    assert refused.returncode == 1
    assert "belongs to the branch prod" in refused.stderr


@pytest.mark.thorough
@pytest.mark.usefixtures("working")
def test_twenty_runs_at_once_on_a_limit_of_four(
    tmp_path: Path, prefect_api: str, pool: str
) -> None:
    flows = Flows(tmp_path / "work", prefect_api, crowded=greeting("OperatedCrowdedFlow"))
    flows.good("crowded", "create", "--work-pool", pool, "--concurrency-limit", "4")
    with client_of(prefect_api) as client:
        deployment = Operator(client, "").find("OperatedCrowdedFlow")
        made = [client.create_flow_run_from_deployment(deployment.id) for _ in range(20)]

        def ended_runs() -> list[FlowRun]:
            runs = [client.read_flow_run(run.id) for run in made]
            return runs if all(run.state and run.state.is_final() for run in runs) else []

        ended = until(ended_runs, "the end of all runs")
    assert {run.state_name for run in ended} == {"Completed"}
    spans = [(run.start_time, run.end_time) for run in ended if run.start_time and run.end_time]
    assert len(spans) == 20
    most = max(sum(start <= now < end for start, end in spans) for now, _ in spans)
    assert 1 < most <= 4


@pytest.mark.usefixtures("working")
def test_trigger_reads_and_checks_parameters(tmp_path: Path, prefect_api: str, pool: str) -> None:
    flows = Flows(tmp_path / "work", prefect_api, greet=greeting("OperatedGreetFlow"))
    assert flows.prefect("greet", "trigger").returncode == 1, "there is no deployment yet"
    flows.good("greet", "create", "--work-pool", pool, "--parameter", "name=kept")
    words = ("--alpha", "0.5", "--retry_count", "7", "--wait", '{"a": [1]}')
    done = flows.prefect("greet", "trigger", *words, "--prefect-wait", "--run-id-file", "id")
    assert done.returncode == 0, done.stderr
    run_id = (flows.path / "id").read_text()
    assert data(flows, "OperatedGreetFlow", run_id)["seen"] == [0.5, "kept", 7, {"a": [1]}]
    no_folder = ("--run-id-file", "nowhere/id")
    for wrong in (("--alpha", "x"), ("--none", "1"), ("--wait", "{"), no_folder):
        refused = flows.prefect("greet", "trigger", *wrong)
        assert refused.returncode == 2, refused.stderr
        assert "Traceback" not in refused.stderr
    failed = flows.prefect("greet", "trigger", "--alpha", "-1", "--prefect-wait")
    assert failed.returncode == 1
    cause, remedy = failed.stderr.splitlines()[-1].split(". ", 1)
    assert cause.startswith("The run has failed: ValueError: below zero in start, greet.py:")
    assert re.search(r"greet\.py prefect logs prefect-\S+\. .*prefect retry prefect-\S+\.$", remedy)
    assert flows.good("greet", "list-deployments") == "OperatedGreetFlow"
    assert f"{run_id}  Succeeded" in flows.good("greet", "list-runs")
    assert f"Metaflow run OperatedGreetFlow/{run_id}" in flows.good("greet", "logs", run_id)
    for wrong in (("status", "1"), ("status", "prefect-1"), ("logs", f"{run_id[:-1]}x")):
        assert flows.prefect("greet", *wrong).returncode == 1
    ended = flows.prefect("greet", "terminate", run_id)
    assert (ended.returncode, "has ended already" in ended.stderr) == (1, True)

    held = ("--name", "held", "create", "--work-pool", pool, "--work-queue", "slow", "--paused")
    flows.good("greet", *held)
    with client_of(prefect_api) as client:
        found = client.read_deployment_by_name("OperatedGreetFlow/held")
    assert (found.paused, found.work_queue_name) == (True, "slow")
    flows.good("greet", "--name", "held", "delete")

    # Whoever has not made it needs its token.
    flows.environment |= {"METAFLOW_USER": "other", "METAFLOW_HOME": str(tmp_path / "other")}
    assert flows.prefect("greet", "delete", "--authorize", "wrong").returncode == 1
    with client_of(prefect_api) as client:
        token = Operator(client, "").find("OperatedGreetFlow").production
    assert token is not None
    flows.good("greet", "delete", "--authorize", f"production:{token.token}")
    assert flows.prefect("greet", "delete").returncode == 1
    assert flows.good("greet", "list-deployments") == ""


@pytest.mark.usefixtures("working")
def test_a_run_is_suspended_terminated_retried_and_resumed(
    tmp_path: Path, prefect_api: str, pool: str
) -> None:
    flows = Flows(tmp_path / "work", prefect_api, waiting=WAITING)
    flows.good("waiting", "create", "--work-pool", pool)
    assert flows.prefect("waiting", "trigger").returncode == 1, "a parameter is missing"
    deploy_ticking(flows, pool)

    gates = [tmp_path / "suspended", tmp_path / "terminated"]
    runs = [flows.trigger("waiting", "trigger", "--gate", str(gate)) for gate in gates]
    for gate in gates:
        until(Path(f"{gate}.pid").exists, "the step")
    flows.good("waiting", "terminate", runs[1])
    assert flows.awaited("waiting", runs[1]) == "Failed"
    pid = Path(f"{gates[1]}.pid").read_text()
    until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the step")

    flows.good("waiting", "suspend", runs[0])
    with client_of(prefect_api) as client:
        server = Operator(client, "")
        until(
            lambda: any(
                "The run is suspended" in one.message for one in server.logs(server.run(runs[0]))
            ),
            "the run has noticed",
        )
        Path(f"{gates[0]}.broken").touch()
        gates[0].touch()
        log = "start/start"
        until(lambda: any(log in one.message for one in server.logs(server.run(runs[0]))))
        state = server.run(runs[0]).state
        assert state is not None
        assert state.is_paused()
    assert flows.good("waiting", "status", runs[0]) == "Running"
    flows.good("waiting", "unsuspend", runs[0])
    assert flows.awaited("waiting", runs[0]) == "Failed"
    assert flows.prefect("waiting", "unsuspend", runs[0]).returncode == 1

    Path(f"{gates[0]}.broken").unlink()
    assert flows.prefect("waiting", "resume", runs[0]).returncode == 0
    latest = flows.good("waiting", "list-runs", "--limit", "1").split()[0]
    flows.good("waiting", "retry", runs[0])
    assert flows.awaited("waiting", latest) == "Succeeded"
    until(lambda: flows.awaited("waiting", runs[0]) == "Succeeded", "the retried run")
    task = f"Task('OperatedWaitingFlow/{latest}/start/start', _namespace_check=False)"
    look = f"from metaflow import Task; print({task}.origin_pathspec)"
    assert runs[0] in flows.run("-c", look).stdout
    check_ticking(flows, prefect_api)


def deploy_ticking(flows: Flows, pool: str) -> None:
    """Have the flow started each minute, and stopped by its deployment soon after."""
    text = WAITING.replace("step\n", "schedule, step\n", 1)
    ticking = text.replace("\nclass Op", "\n@schedule(cron='* * * * ? *')\nclass Op")
    (flows.path / "ticking.py").write_text(ticking)
    gate = ("--parameter", f"gate={flows.path / 'never'}")
    create = ("--name", "ticking", "create", "--work-pool", pool, "--workflow-timeout", "4", *gate)
    flows.good("ticking", *create, "--no-schedule", "--concurrency-limit", "1")
    with client_of(flows.environment["PREFECT_API_URL"]) as client:
        found = client.read_deployment_by_name("OperatedWaitingFlow/ticking")
    assert [one.active for one in found.schedules] == [False]
    flows.good("ticking", *create, "--schedule")


def check_ticking(flows: Flows, api: str) -> None:
    """Await a run that the schedule has started, and that the deployment has stopped."""
    with client_of(api) as client:
        server = Operator(client, "")
        deployment = server.deployment("OperatedWaitingFlow/ticking")
        full = client.read_deployment(deployment.id)
        assert full.global_concurrency_limit is not None
        assert full.global_concurrency_limit.limit == 1

        def ended() -> Any:
            found = [one for one in server.runs(deployment, 50) if one.start_time]
            return next((one for one in found if one.state and one.state.is_final()), None)

        run = until(ended, "the schedule's run")
        flows.good("ticking", "--name", "ticking", "delete")
        assert run.auto_scheduled
        assert run.created_by.display_value == "metaflow-schedule-decorator"
        assert run.state.name == "TimedOut"
        assert run.state.message == "The run took longer than 4 seconds."
    pid = (flows.path / "never.pid").read_text()
    until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the step")
    run_id = f"OperatedWaitingFlow/prefect-{run.id}"
    look = f"from metaflow import Run; run = Run('{run_id}', _namespace_check=False); "
    said = flows.run("-c", look + "print(run.finished, run.successful)").stdout
    assert said.split() == ["False", "False"]


@pytest.mark.usefixtures("working")
def test_metaflows_deployer(tmp_path: Path, prefect_api: str, pool: str) -> None:
    flows = Flows(tmp_path / "work", prefect_api, deployed=greeting("OperatedDeployedFlow"))
    flows.environment["METAFLOW_CLICK_API_PROCESS_CONFIG"] = "1"
    done = flows.run("-c", DEPLOYS, "deployed.py", pool)
    assert done.returncode == 0, done.stderr
    name, flow, pathspec, early, status, running, good, tags, seen, token, wrong, ended = (
        json.loads(done.stdout.splitlines()[-1])
    )
    assert (name, flow, early, status) == (
        "by-hand",
        "OperatedDeployedFlow",
        "Pending",
        "Succeeded",
    )
    assert pathspec.startswith("OperatedDeployedFlow/prefect-")
    assert (running, good, seen) == (False, True, [0.5, "Ada", 1, {"a": 1}, 3])
    assert {"of:deployer", f"production:{token}"} <= set(tags)
    assert wrong == ["ValueError", "ValueError"]
    assert ended is False, "it has ended already"

    # In another process, folder and home, without the flow's file.
    other = Flows(tmp_path / "other", prefect_api, unrelated=greeting("OperatedUnrelatedFlow"))
    done = other.run("-c", OPERATES, "by-hand")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [
        "by-hand", "OperatedDeployedFlow", token, "Succeeded", True, ["by-hand"],
        f"{prefect_api.removesuffix('/api')}/runs/flow-run/{pathspec.partition('prefect-')[2]}",
        "Succeeded", True, False,
    ]  # fmt: skip
    gone = other.run("-c", OPERATES, "by-hand")
    assert gone.returncode != 0
    assert "No deployed flow found for: by-hand" in gone.stderr


def test_click_api_knows_our_commands(tmp_path: Path, prefect_api: str) -> None:
    flows = Flows(tmp_path / "work", prefect_api, clicked=greeting("OperatedApiFlow"))
    script = (
        "from metaflow.runner.click_api import MetaflowAPI; from metaflow.cli import start; "
        "api = MetaflowAPI.from_cli('clicked.py', start); "
        "print(api(quiet=True).prefect(name='x').create(tags=['a'], max_workers=2)); "
        "print(api().prefect().trigger(alpha=0.5, name='Ada'))"
    )
    done = flows.run("-c", script)
    assert done.returncode == 0, done.stderr
    create, trigger = done.stdout.splitlines()
    assert "'prefect', '--name', 'x', 'create', '--tag', 'a', '--max-workers', '2'" in create
    assert "'trigger', '--alpha', '0.5', '--name', 'Ada'" in trigger


def test_only_json_needs_no_server(tmp_path: Path) -> None:
    flows = Flows(tmp_path / "work", "", alone=greeting("OperatedAloneFlow"))
    made = json.loads(flows.good("alone", "create", "--only-json", "--tag", "a"))
    assert (made["flow_name"], made["name"], made["tags"]) == (
        "OperatedAloneFlow",
        "default",
        ["a"],
    )
    assert not (flows.path / "alone_prefect.py").exists()
