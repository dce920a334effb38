"""Deployments of all flows of a repository on a real server."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from e2e.deploying import REQUIRED, Repository, flow, runs_of, work
from e2e.scheduler import make_pool, own_pool
from metaflow_prefect.deploy.operations import Operator
from metaflow_prefect.deploy.record import Record
from metaflow_prefect.errors import OperationProblem
from prefect.client.orchestration import SyncPrefectClient
from prefect.events import emit_event
from support.wait import until

POOL = own_pool("deploy-tests")


@pytest.fixture(scope="module")
def pool(prefect_api: str) -> str:
    return make_pool(prefect_api, POOL, base_job_template={})  # Prefect's own


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


@pytest.mark.on_days("odd")
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
