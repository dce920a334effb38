"""Deployments on a real server: what is on it, and what a worker makes of it."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from e2e.project import FlowFolder
from e2e.scheduler import own_pool, worker
from metaflow_prefect.deploy.operations import Operator
from metaflow_prefect.deploy.record import Record
from metaflow_prefect.errors import OperationProblem
from metaflow_prefect.runtime.flow_run.deployed import DEPLOYMENT_VARIABLE
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    DeploymentUpdate,
    WorkPoolCreate,
)
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.events import emit_event
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_URL, temporary_settings
from support.wait import until

FLOWS = Path(__file__).parents[1] / "flows"
POOL = own_pool("deploy-tests")
STEPS = """
    @step
    def only(self):
        pass


if __name__ == "__main__":
    {name}()
"""

REQUIRED = "    the_day = Parameter('the-day', required=True)\n"
IN_VAIN = (
    "Warning: the scheduled runs of DeployNightlyFlow/default will fail, as these parameters "
    "have no value: the-day. Deploy again with --parameter the-day=VALUE."
)


def flow(name: str, *decorators: str, body: str = "") -> str:
    imports = "FlowSpec, Parameter, schedule, step, trigger, trigger_on_finish"
    lines = "\n".join((*decorators, f"class {name}(FlowSpec):", body))
    return f"from metaflow import {imports}\n\n\n{lines}{STEPS.format(name=name)}"


@pytest.fixture(scope="module")
def client(prefect_api: str) -> Iterator[SyncPrefectClient]:
    with (
        temporary_settings({PREFECT_API_URL: prefect_api}),
        get_client(sync_client=True) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def pool(client: SyncPrefectClient) -> str:
    # Another worker of the tests may have made it, or be making it.
    with suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    return POOL


def runs_of(client: SyncPrefectClient, deployment: Any) -> list[FlowRun]:
    chosen = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment.id]))
    return client.read_flow_runs(flow_run_filter=chosen, limit=50)


def work(
    folder: FlowFolder, pool: str, client: SyncPrefectClient, *runs: FlowRun
) -> list[State[Any]]:
    """Have a worker run what is due until these runs have ended, and return how."""
    with worker(pool, folder.environment, folder.path / "worker"):
        return [until(partial(end_of, client, run.id)) for run in runs]


def end_of(client: SyncPrefectClient, id_: UUID) -> State[Any] | None:
    state = client.read_flow_run(id_).state
    return state if state is not None and state.is_final() else None


def schedule_as_by_0_4_0(client: SyncPrefectClient, deployment: str) -> None:
    """Give the schedule of a flow's decorator the slug that it once had."""
    found = client.read_deployment_by_name(deployment)
    (ours,) = (one for one in found.schedules if one.slug)
    client.delete_deployment_schedule(found.id, ours.id)
    earlier = DeploymentScheduleCreate(schedule=ours.schedule, active=False, slug="metaflow")
    client.create_deployment_schedules(found.id, [earlier])


def test_create_without_a_file_deploys(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient, pool: str
) -> None:
    source = tmp_path / "source" / "nightly.py"
    source.parent.mkdir()
    source.write_text(flow("DeployNightlyFlow", "@schedule(cron='0 5 ? * MON *')", body=REQUIRED))
    folder = FlowFolder(tmp_path / "work dir", source, PREFECT_API_URL=prefect_api)
    create = ("nightly.py", "prefect", "create", "--work-pool", pool)
    done = folder.run(*create, "--tag", "a b")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, IN_VAIN), done.stderr
    assert str(tmp_path) not in (folder.path / "nightly_prefect.py").read_text()

    name = "DeployNightlyFlow/default"
    found = client.read_deployment_by_name(name)
    assert found.tags == ["a b"]
    assert found.work_pool_name == pool
    assert found.entrypoint == "nightly_prefect.py:deploy_nightly_flow"
    (schedule,) = found.schedules
    assert (schedule.schedule.cron, schedule.active) == ("0 5 * * 1", True)  # type: ignore[union-attr]
    assert until(lambda: runs_of(client, found)), "the schedule makes runs"

    # Whoever has not deployed it needs its token, as with Metaflow's own deployers.
    variables = found.job_variables["env"]
    token = variables["METAFLOW_PRODUCTION_TOKEN"]
    assert token.startswith("deploynightlyflow-0-")
    assert f"production:{token}" in done.stderr
    assert f"python nightly.py prefect create --authorize {token}\n" in done.stderr
    other = {"METAFLOW_USER": "other", "METAFLOW_HOME": str(tmp_path / "other")}
    folder.environment |= other
    refused = folder.run("nightly.py", "--quiet", *create[1:])
    assert (refused.returncode, refused.stderr.count("\n")) == (5, 1), refused.stderr
    assert "was deployed by tester" in refused.stderr

    # What a user changes in Prefect's pages is still so when it is deployed again.
    changed = DeploymentUpdate(job_variables={"a": 1, "env": {**variables, "B": "2"}})
    client.update_deployment(found.id, changed)
    client.update_deployment_schedule(found.id, schedule.id, active=False)
    client.create_deployment_schedules(found.id, [(IntervalSchedule(interval=86400), True)])  # type: ignore[arg-type]
    source.write_text(source.read_text().replace("MON", "TUE"))
    (folder.path / "nightly.py").write_text(source.read_text())
    assert folder.run(*create, "--authorize", f"production:{token}").returncode == 0
    again = client.read_deployment_by_name(name)
    assert again.id == found.id
    mine = {**variables, "METAFLOW_OWNER": "other", "B": "2"}
    del again.job_variables["env"][DEPLOYMENT_VARIABLE], mine[DEPLOYMENT_VARIABLE]
    assert again.job_variables == {"a": 1, "env": mine}
    states = {getattr(one.schedule, "cron", None): one.active for one in again.schedules}
    assert states == {"0 5 * * 2": False, None: True}

    # One that version 0.4.0 has made goes on, and gets no second one beside it.
    schedule_as_by_0_4_0(client, name)
    assert folder.run(*create).returncode == 0
    slugs = {one.slug: one.active for one in client.read_deployment_by_name(name).schedules}
    assert slugs == {"metaflow": False, None: True}

    # A flow that has no schedule any more takes only its own away.
    (folder.path / "nightly.py").write_text(flow("DeployNightlyFlow"))
    assert folder.run(*create, "--generate-new-token").returncode == 0
    left = client.read_deployment_by_name(name)
    assert [type(one.schedule) for one in left.schedules] == [IntervalSchedule]
    generated = left.job_variables["env"]["METAFLOW_PRODUCTION_TOKEN"]
    assert generated.startswith("deploynightlyflow-1-")


def test_create_leaves_names_and_templates_as_they_are(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient, pool: str
) -> None:
    source = tmp_path / "source" / "named.py"
    source.parent.mkdir()
    source.write_text(flow("DeployNamedFlow"))
    folder = FlowFolder(tmp_path / "work", source, PREFECT_API_URL=prefect_api)
    create = ("named.py", "prefect", "create", "--work-pool", pool, "--name", "a*b")
    done = folder.run(*create, "--new-token", "t*t")
    assert done.returncode == 0, done.stderr
    assert "Deployed DeployNamedFlow/a*b (" in done.stderr
    again = "python named.py prefect create --authorize 't*t' --name 'a*b'\n"
    assert f"Others deploy it by: {again}" in done.stderr

    found = client.read_deployment_by_name("DeployNamedFlow/a*b")
    template = {"env": "{{ prefect.variables.environment }}"}
    client.update_deployment(found.id, DeploymentUpdate(job_variables=template))
    refused = folder.run(*create)
    assert refused.returncode == 5, refused.stderr
    assert "The job variable env of DeployNamedFlow/a*b must be a mapping" in refused.stderr
    assert client.read_deployment(found.id).job_variables == template


@pytest.mark.parametrize(
    ("options", "url", "code", "told"),
    [
        ((), None, 5, "PREFECT_API_URL is not set"),
        ((), "http://127.0.0.1:9/api", 5, "No Prefect server answers at http://127.0.0.1:9/api"),
        (("--work-pool", "none-such"), "", 5, "no work pool named none-such"),
        (("--work-pool", POOL, "--name", "a/b"), "", 2, "cannot be named 'a/b'"),
        (("out.py", "--name", "a"), "", 2, "Leave out the name of the file"),
        (("out.py", "--new-token", ""), "", 2, "Leave out the name of the file"),
    ],
)
def test_create_refuses_what_cannot_be_deployed(
    tmp_path: Path,
    prefect_api: str,
    options: tuple[str, ...],
    url: str | None,
    code: int,
    told: str,
) -> None:
    variables = {} if url is None else {"PREFECT_API_URL": url or prefect_api}
    folder = FlowFolder(tmp_path, FLOWS / "linear.py", **variables)
    done = folder.run("linear.py", "--quiet", "prefect", "create", *options)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert told in done.stderr
    assert [path.name for path in tmp_path.glob("*.py")] == ["linear.py"]


class LoginPage(BaseHTTPRequestHandler):
    """What stands before a server, and answers all with a page."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Log in</html>")

    def do_GET(self) -> None:
        self.do_POST()


def test_server_that_is_not_prefect(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), LoginPage) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/api"
        folder = FlowFolder(tmp_path, FLOWS / "linear.py", PREFECT_API_URL=url)
        done = folder.run("linear.py", "--quiet", "prefect", "create")
        server.shutdown()
    assert (done.returncode, done.stderr.count("\n")) == (5, 1), done.stderr
    assert f"{url} does not answer as a Prefect server" in done.stderr


class Repository(FlowFolder):
    """A folder of several flows, all of them of this test module."""

    def __init__(self, folder: Path, api: str, flows: dict[str, str]) -> None:
        super().__init__(folder, FLOWS / "linear.py", PREFECT_API_URL=api)
        (folder / "linear.py").unlink()
        self.environment["MFP_CACHE_DIR"] = str(folder.parent / "cache")
        for name, text in flows.items():
            path = folder / "flows" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def mfp(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.run("-m", "mfp", *words)

    def deploy(self, *words: str) -> tuple[int, dict[str, str]]:
        """Deploy, and tell what has become of each deployment."""
        done = self.mfp("deploy", "flows", "--json", "result.json", *words)
        document = json.loads((self.path / "result.json").read_text())
        return done.returncode, {one["name"]: one["status"] for one in document["deployments"]}


def automations_of(client: SyncPrefectClient, name: str) -> Any:
    id_ = client.read_deployment_by_name(name).id
    return client.request("GET", f"/automations/related-to/prefect.deployment.{id_}").json()  # type: ignore[arg-type]


def awaiting(client: SyncPrefectClient, name: str) -> Any:
    """A deployment that keeps what sets its runs off, by which `current.trigger` knows it."""
    found = client.read_deployment_by_name(name)
    record = Record.of(found.job_variables)
    assert record is not None
    assert [*record.upstream, *record.events] in (["DeployFirstFlow"], ["deploy-tests.data"])
    return found


def set_enabled(client: SyncPrefectClient, automation: Any, enabled: bool) -> None:
    path = f"/automations/{automation['id']}"
    client.request("PATCH", path, json={"enabled": enabled})  # type: ignore[arg-type]


def test_whole_life_of_a_repository(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient, pool: str
) -> None:
    mapped = "    alpha = Parameter('alpha', type=int, default=1)\n"
    event = "@trigger(event={'name': 'deploy-tests.data', 'parameters': {'alpha': 'a'}})"
    flows = {
        "first.py": "from helper import RETRIES\n" + flow("DeployFirstFlow"),
        "helper.py": "RETRIES = 1\n",
        "next/second.py": flow("DeploySecondFlow", "@trigger_on_finish(flow='DeployFirstFlow')"),
        "event.py": flow("DeployEventFlow", event, body=mapped),
        "broken.py": "1 / 0\n" + flow("DeployBrokenFlow"),
        "unfit.py": flow("DeployUnfitFlow", "@schedule(cron='0 0 L-1 * ? *')"),
    }
    repository = Repository(tmp_path / "work", prefect_api, flows)
    names = {name: f"Deploy{name}Flow/default" for name in ("First", "Second", "Event", "Unfit")}
    good = {names["First"], names["Second"], names["Event"]}
    placed = ("--work-pool", pool)

    code, done = repository.deploy(*placed, "--dry-run")
    assert (code, done) == (3, {**dict.fromkeys(good, "would-deploy"), names["Unfit"]: "failed"})
    assert not (repository.path / "prefect_flows").exists()
    code, done = repository.deploy(*placed)
    assert (code, done) == (3, {**dict.fromkeys(good, "deployed"), names["Unfit"]: "failed"})
    for name in ("broken.py", "unfit.py"):
        (repository.path / "flows" / name).unlink()

    # An automation that somebody has paused stays as it is, one that the flow changes stays paused.
    for upstream, other in (("DeployFirstFlow", True), ("DeployThirdFlow", False)):
        source = repository.path / "flows" / "next" / "second.py"
        trigger = f"@trigger_on_finish(flow={upstream!r})"
        source.write_text(flow("DeploySecondFlow", trigger))
        [before] = automations_of(client, names["Second"])
        set_enabled(client, before, False)
        assert repository.deploy(*placed)[0] == 0
        [after] = automations_of(client, names["Second"])
        assert (after["id"], after["enabled"]) == (before["id"], False)
        assert (after["trigger"] == before["trigger"]) == other
    source.write_text(flows["next/second.py"])
    set_enabled(client, before, True)
    assert repository.deploy(*placed)[0] == 0

    # What has not changed is not deployed again, whichever clone and cache it is deployed from.
    assert repository.deploy(*placed, "--changed") == (0, dict.fromkeys(good, "unchanged"))
    (repository.path / "flows" / "helper.py").write_text("RETRIES = 2\n")
    changed = {**dict.fromkeys(good, "unchanged"), names["First"]: "would-deploy"}
    assert repository.deploy(*placed, "--changed", "--dry-run", "--no-cache") == (0, changed)
    changed[names["First"]] = "deployed"
    assert repository.deploy(*placed, "--changed") == (0, changed)

    # Whoever else deploys it leaves no hash behind that says that nothing has changed.
    create = ("flows/event.py", "--quiet", "prefect", "create", "--work-pool", pool)
    assert repository.run(*create, "--tag", "other").returncode == 0
    changed = {**dict.fromkeys(good, "unchanged"), names["Event"]: "deployed"}
    assert repository.deploy(*placed, "--changed") == (0, changed)

    # The finish of the first flow starts the second, an event the third with its payload.
    first = client.read_deployment_by_name(names["First"])
    run = client.create_flow_run_from_deployment(first.id)
    (state,) = work(repository, pool, client, run)
    assert state.is_completed()
    # Its run is in the namespace of the deployment's production token.
    token = first.job_variables["env"]["METAFLOW_PRODUCTION_TOKEN"]
    look = "from metaflow import Flow, namespace; namespace({!r}); print(Flow({!r}).latest_run.id)"
    seen = repository.run("-c", look.format(f"production:{token}", "DeployFirstFlow"))
    assert seen.stdout.strip() == f"prefect-{run.id}", seen.stderr
    second, third = (awaiting(client, names[one]) for one in ("Second", "Event"))
    resource = {"prefect.resource.id": "deploy-tests.resource"}
    emit_event(event="deploy-tests.data", resource=resource, payload={"a": 7, "b": 8})
    until(lambda: runs_of(client, second))
    (started,) = until(lambda: runs_of(client, third))
    assert started.parameters == {"alpha": 7}


def test_deployment_whose_flow_is_gone_is_named(
    tmp_path: Path, prefect_api: str, pool: str
) -> None:
    """As soon as its generated file is gone, too; those of other folders are not looked for."""
    stays = flow("DeployStaysFlow", "@schedule", body=REQUIRED)
    files = {"stays.py": stays, "gone.py": flow("DeployGoneFlow")}
    repository = Repository(tmp_path / "work", prefect_api, files)
    other = Repository(tmp_path / "other", prefect_api, {"other.py": flow("DeployOtherFlow")})
    deploy = ("deploy", "flows", "--work-pool", pool, "--changed")
    for one, warned in ((repository, True), (other, False)):
        done = one.mfp(*deploy)
        vain = "runs of DeployStaysFlow/default will fail, as these parameters have no value: the-"
        assert (done.returncode, vain in done.stderr) == (0, warned), done.stderr
    (other.path / "prefect_flows").rename(other.path / "elsewhere")
    (repository.path / "flows" / "gone.py").unlink()
    assert "generated file is gone" not in repository.mfp(*deploy).stderr
    assert repository.mfp("convert-all", "flows", "--prune").returncode == 0
    said = repository.mfp(*deploy).stderr
    assert "DeployGoneFlow/default: Its generated file is gone, so runs fail." in said
    assert "DeployOtherFlow" not in said


def in_git(folder: Path, remote: str) -> None:
    for words in (("init", "-q"), ("remote", "add", "origin", remote)):
        subprocess.run(["git", *words], cwd=folder, check=True)


def deployments_of(repository: Repository, *words: str) -> dict[str, str]:
    done = repository.mfp("list", "--deployed", "--json", *words)
    assert done.returncode == 0, done.stderr
    return {one["name"]: one["status"] for one in json.loads(done.stdout)["deployments"]}


def answered(repository: Repository, answer: str, *words: str) -> int:
    """Answer what a command asks on its terminal, and give its exit code."""
    screen, terminal = pty.openpty()
    try:
        os.write(screen, answer.encode())
        return subprocess.run(
            [sys.executable, "-m", "mfp", *words],
            cwd=repository.path,
            env=repository.environment,
            stdin=terminal,
            capture_output=True,
            check=False,
        ).returncode
    finally:
        os.close(screen)
        os.close(terminal)


def test_deployments_of_flows_that_are_gone_are_removed(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient, pool: str
) -> None:
    """With their automations, from any clone; nothing of another repository is touched."""
    trigger = "@trigger(event='prune-tests.event')"
    files = {
        "stays.py": flow("PruneStaysFlow"),
        "old.py": flow("PruneOldFlow", trigger),
        "named.py": flow("PruneNamedFlow"),
        "moves.py": flow("PruneMovesFlow"),
    }
    first = Repository(tmp_path / "first", prefect_api, files)
    other = Repository(tmp_path / "other", prefect_api, {"a.py": flow("PruneOtherFlow")})
    unnamed = Repository(tmp_path / "unnamed", prefect_api, {"b.py": flow("PruneUnnamedFlow")})
    in_git(first.path, "https://user:secret@git.test/team/prune.git")
    in_git(other.path, "https://git.test/team/other.git")
    for one in (first, other, unnamed):
        assert one.deploy("--work-pool", pool)[0] == 0
    kept = client.read_deployment_by_name("PruneOldFlow/default").job_variables["env"]
    assert "secret" not in json.dumps(kept)
    assert str(tmp_path) not in json.dumps(kept)
    assert len(automations_of(client, "PruneOldFlow/default")) == 1

    # Another clone, reached in another way, in which flows are renamed, moved and named anew.
    del files["moves.py"]
    files["old.py"] = flow("PruneNewFlow")
    files["later/moves.py"] = flow("PruneMovesFlow")
    clone = Repository(tmp_path / "clone", prefect_api, files)
    in_git(clone.path, "git@GIT.test:team/prune")
    override = "[[tool.mfp.overrides]]\npaths = ['flows/named.py']\ndeployment = 'nightly'\n"
    (clone.path / "pyproject.toml").write_text(override)
    outdated = {"PruneOldFlow/default", "PruneNamedFlow/default"}
    assert deployments_of(clone, "flows") == {
        "PruneMovesFlow/default": "moved",
        "PruneNamedFlow/default": "renamed",
        "PruneOldFlow/default": "gone",
        "PruneStaysFlow/default": "current",
    }
    deploy = ("deploy", "flows", "--work-pool", pool, "--changed", "--prune")
    done = clone.mfp(*deploy, "--dry-run")
    assert (done.returncode, "2 deployments would be removed." in done.stderr) == (0, True)
    done = clone.mfp(*deploy)
    assert (done.returncode, "no terminal to ask on. Add --yes" in done.stderr) == (2, True)
    assert answered(clone, "n\n", *deploy) == 0
    assert outdated <= deployments_of(clone).keys()
    [automation] = automations_of(client, "PruneOldFlow/default")
    assert answered(clone, "y\n", *deploy) == 0
    assert deployments_of(clone) == {
        "PruneMovesFlow/default": "current",
        "PruneNamedFlow/nightly": "current",
        "PruneNewFlow/default": "current",
        "PruneStaysFlow/default": "current",
    }
    found = client.request("POST", "/automations/filter", json={}).json()
    assert automation["id"] not in [one["id"] for one in found]
    for name in ("PruneOtherFlow/default", "PruneUnnamedFlow/default"):
        client.read_deployment_by_name(name)

    # The second call finds nothing; the last flow may go, too.
    again = clone.mfp(*deploy, "--yes", "--json", "-")
    assert again.returncode == 0
    assert json.loads(again.stdout)["pruned"] == []
    (other.path / "flows" / "a.py").unlink()
    done = other.mfp(*deploy, "--yes", "--json", "-")
    assert done.returncode == 0, done.stderr
    [pruned] = json.loads(done.stdout)["pruned"]
    assert (pruned["name"], pruned["status"]) == ("PruneOtherFlow/default", "removed")


def test_repository_whose_deployments_cannot_be_told(
    tmp_path: Path, prefect_api: str, pool: str
) -> None:
    """Without a remote; a name in the settings will do."""
    flows = {"b.py": flow("PruneNamelessFlow")}
    unnamed = Repository(tmp_path / "unnamed", prefect_api, flows)
    deploy = ("deploy", "flows", "--work-pool", pool, "--changed", "--prune")
    for command in (deploy, ("list", "--deployed")):
        done = unnamed.mfp(*command)
        assert (done.returncode, 'Add the remote, or set repository = "NAME"' in done.stderr) == (
            2,
            True,
        )
    (unnamed.path / "pyproject.toml").write_text("[tool.mfp]\nrepository = 'prune-tests'\n")
    assert unnamed.mfp(*deploy).returncode == 0
    assert deployments_of(unnamed) == {"PruneNamelessFlow/default": "current"}
    unnamed.environment["PREFECT_API_URL"] = "http://127.0.0.1:9/api"
    done = unnamed.mfp("list", "--deployed")
    assert (done.returncode, "No Prefect server answers" in done.stderr) == (3, True), done.stderr
    assert unnamed.mfp("deploy", "flows", "--yes").returncode == 2


def test_flows_are_chosen_by_name_and_tag(tmp_path: Path) -> None:
    files = {f"{one}.py": flow(f"Chosen{one}Flow") for one in "ABC"}
    repository = Repository(tmp_path / "work", "", {**files, "broken.py": "# FlowSpec\ndef x(:"})
    settings = "[[tool.mfp.overrides]]\npaths = ['flows/[AB].py']\ntags = ['nightly']\n"
    (repository.path / "pyproject.toml").write_text(settings)
    cases: list[tuple[tuple[str, ...], set[str]]] = [
        (("--flow", "ChosenAFlow", "--flow", "ChosenCFlow"), {"ChosenAFlow", "ChosenCFlow"}),
        (("--tag", "nightly"), {"ChosenAFlow", "ChosenBFlow"}),
        (("--tag", "nightly", "--flow", "ChosenBFlow"), {"ChosenBFlow"}),
    ]
    for words, expected in cases:
        for command in (("convert-all", "--check"), ("deploy", "--dry-run")):
            repository.mfp(*command, "flows", *words, "--json", "result.json")
            document = json.loads((repository.path / "result.json").read_text())
            assert {one["class"] for one in document["flows"]} == expected
    for words, said in (
        (("--flow", "ChosenFlow"), "No flow in flows is named ChosenFlow. Did you mean Chosen"),
        (("--tag", "weekly"), "No flow in flows has the tag weekly."),
    ):
        done = repository.mfp("deploy", "flows", "--dry-run", *words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def deployed_by_prefect(folder: Path, api: str, pool: str) -> Repository:
    """A repository whose deployments Prefect itself has taken from the `prefect.yaml`."""
    flows = {"one.py": flow("YamlOneFlow", "@schedule"), "sub/two.py": flow("YamlTwoFlow")}
    repository = Repository(folder, api, flows)
    options = ("--prefect-yaml", "ci/prefect.yaml", "--work-pool", pool)
    done = repository.mfp("convert-all", "flows", *options)
    assert done.returncode == 0, done.stderr
    assert str(folder) not in (folder / "ci" / "prefect.yaml").read_text()
    # The variable PWD is still that of the tests' own folder.
    deploy = ("--no-prompt", "deploy", "--all", "--prefect-file", "ci/prefect.yaml")
    done = repository.run("-m", "prefect", *deploy)
    assert done.returncode == 0, done.stdout + done.stderr
    return repository


def deployed_to_be_cloned(folder: Path, api: str, pool: str) -> None:
    """A repository whose remote the worker's git finds in its folder."""
    text = "import helper\n" + flow("GitPullFlow")
    repository = Repository(folder / "sub", api, {"g.py": text, "helper.py": ""})

    def git(*words: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@t")
        subprocess.run(["git", *who, *words], cwd=folder, check=True)

    def refused(what: str) -> bool:
        done = repository.mfp("deploy", "flows", "--work-pool", pool, "--pull", "git", "--dry-run")
        lacks = f"{what} is not in the commit, which workers clone. Commit it"
        return (done.returncode, lacks in done.stderr) == (3, True)

    git("init", "-q", "-b", "trunk")
    git("remote", "add", "origin", "https://u:secret@git.test/r.git")
    assert refused("prefect_flows/sub/flows/g_prefect.py as it is generated")
    assert repository.mfp("convert-all", "flows").returncode == 0
    git("add", "sub/flows/g.py", "prefect_flows")
    git("commit", "-q", "-m", "flow")
    assert refused("flows/helper.py as it is here")
    git("add", "sub/flows")
    git("commit", "-q", "-m", "helper")
    git("update-ref", "refs/remotes/origin/trunk", "HEAD~1")
    done = repository.mfp("deploy", "flows", "--work-pool", pool, "--pull", "git")
    assert done.returncode == 0
    assert "does not have as it is here: flows/helper.py. Push" in done.stderr


def test_worker_runs_what_is_in_a_folder_and_what_it_clones(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient, pool: str
) -> None:
    repository = deployed_by_prefect(tmp_path / "work", prefect_api, pool)
    deployed_to_be_cloned(tmp_path / "cloned", prefect_api, pool)
    assert len(client.read_deployment_by_name("YamlOneFlow/default").schedules) == 1
    # What our commands need to know of a deployment, Prefect's `deploy` has not noted.
    for identifier in ("YamlOneFlow", "YamlOneFlow/default"):
        with pytest.raises(
            OperationProblem, match=r"deployment YamlOneFlow/default .* was made by"
        ):
            Operator(client, prefect_api).find(identifier)
    found = [
        client.read_deployment_by_name(f"{name}/default") for name in ("YamlTwoFlow", "GitPullFlow")
    ]
    assert "secret" not in json.dumps(found[1].pull_steps)
    runs = [client.create_flow_run_from_deployment(one.id) for one in found]
    repository.environment |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path / 'cloned'}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://git.test/r.git",
    }
    states = work(repository, pool, client, *runs)
    assert [state.is_completed() for state in states] == [True, True]


def test_deploy_without_a_server(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "work", "", {"g.py": flow("NoServerFlow")})
    done = repository.mfp("deploy", "flows")
    assert done.returncode == 2
    assert "PREFECT_API_URL is not set" in done.stderr
    assert not (repository.path / "prefect_flows").exists()
    assert repository.mfp("deploy", "flows", "--dry-run").returncode == 0

    assert repository.mfp("convert-all", "flows").returncode == 0
    with (repository.path / "prefect_flows/flows" / "g_prefect.py").open("a") as file:
        file.write("# mine\n")
    for force, code in (((), 3), (("--force",), 0)):
        assert repository.mfp("deploy", "flows", "--dry-run", *force).returncode == code
