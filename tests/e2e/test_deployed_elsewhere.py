"""Deployments whose runs are not where they were made: packages, repositories, work pools."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest
from e2e.elsewhere import flow, said, work
from e2e.scheduler import Flows, client_of, make_pool, own_pool
from metaflow_prefect.deploy.operations import Operator
from metaflow_prefect.deploy.runs import status_of
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.objects import FlowRun
from support.cloud import Cloud, cloud
from support.flaky import flaky_way_to
from support.s3 import empty_bucket, s3_server
from support.wait import until

POOL = own_pool("elsewhere-tests")


@pytest.fixture(scope="module")
def pool(prefect_api: str) -> str:
    return make_pool(prefect_api, POOL)


@pytest.fixture(scope="module")
def stored() -> Iterator[dict[str, str]]:
    with s3_server() as url:
        yield empty_bucket(url)


@pytest.fixture
def clouds(tmp_path: Path) -> Iterator[Cloud]:
    with cloud(tmp_path / "containers") as found:
        yield found


def test_a_deployment_runs_the_code_that_it_was_made_from(
    tmp_path: Path, prefect_api: str, pool: str, stored: dict[str, str]
) -> None:
    flows = Flows(tmp_path / "work", prefect_api, packed=flow("ElsewherePackedFlow"))
    flows.environment |= stored
    runs = {}
    for name, value in (("old", 1), ("new", 2)):
        (flows.path / "helper.py").write_text(f"SAYS = {name!r}\n")
        config = ("--config-value", "told", json.dumps({"a": value}))
        create = ("packed.py", *config, "--quiet", "prefect", "--name", name, "create")
        done = flows.run(*create, "--work-pool", pool)
        assert done.returncode == 0, done.stderr
    assert not (flows.path / "packed_prefect.py").exists()
    for name in ("old", "new"):
        runs[name] = flows.trigger("packed", "--name", name, "trigger")
    (flows.path / "helper.py").write_text("SAYS = 'changed since'\n")
    with work(flows, tmp_path, pool):
        for name, value in (("old", 1), ("new", 2)):
            assert flows.awaited("packed", runs[name]) == "Succeeded"
            assert said(flows, "ElsewherePackedFlow", runs[name]) == [[name, value], True]


def test_code_that_is_gone_is_one_line(tmp_path: Path, prefect_api: str, pool: str) -> None:
    flows = Flows(
        tmp_path / "work",
        prefect_api,
        moved=flow("ElsewhereMovedFlow"),
        lacking=f"import beside{flow('ElsewhereLackingFlow')}",
    )
    (flows.path / "beside.py").touch()
    (flows.path / "helper.py").write_text("SAYS = 'here'\n")
    flows.good("moved", "create", "--work-pool", pool)
    run_id = flows.trigger("moved", "trigger")
    # So is a module that the worker lacks, of a flow that is there.
    flows.good("lacking", "create", "--work-pool", pool)
    lacking = flows.trigger("lacking", "trigger")
    shutil.copytree(flows.path, tmp_path / "moved")
    (flows.path / "moved_prefect.py").unlink()
    (flows.path / "beside.py").unlink()
    with work(flows, tmp_path, pool):
        assert flows.awaited("moved", run_id) == "Failed"
        with client_of(prefect_api) as client:  # the flow's own commands lack the module, too
            server = Operator(client, "")

            def log_with(text: str, run_id: str) -> str:
                """The log of a run, in which a line may come after the state."""

                def look() -> str:
                    log = "\n".join(one.message for one in server.logs(server.run(run_id)))
                    return log if text in log else ""

                return str(until(look, text))

            until(lambda: status_of(server.run(lacking)) == "Failed")
            gone = log_with(f"The folder {flows.path} of the flow is not there", run_id)
            no_module = "lacking.py, line 1: ModuleNotFoundError: No module named 'beside'"
            said = log_with(no_module, lacking)
    assert "workspace.json" not in gone
    assert "Traceback" not in said


def test_a_commit_that_lacks_what_is_deployed_is_refused(
    tmp_path: Path, prefect_api: str, pool: str
) -> None:
    flows = Flows(tmp_path / "work", prefect_api, cloned=flow("ElsewhereClonedFlow"))
    (flows.path / "helper.py").write_text("SAYS = 'cloned'\n")
    (flows.path / ".gitignore").write_text(".*\n__pycache__\nrun_id\n")

    def git(*words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@t")
        command = ["git", *who, *words]
        done = subprocess.run(command, cwd=flows.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def refused(reason: str) -> None:
        done = flows.prefect("cloned", *create)
        assert (done.returncode, done.stderr.count("\n")) == (5, 1), done.stderr
        assert reason in done.stderr

    create = ("create", "--work-pool", pool, "--pull", "git")
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    git("init", "-q", "-b", "trunk")
    refused("has no remote named origin")
    git("remote", "add", "origin", "https://u:secret@git.test/r.git")
    refused("has no commit")
    git("add", "cloned.py", "helper.py")
    git("commit", "-q", "-m", "flow")
    refused("is not in the commit")
    flows.good("cloned", "create", "cloned_prefect.py")
    git("add", ".")
    git("commit", "-q", "-m", "generated")
    refused("is on no branch of the remote")
    git("push", "-q", f"file://{bare}", "trunk:trunk")
    git("update-ref", "refs/remotes/origin/trunk", "HEAD")
    (flows.path / "helper.py").write_text("SAYS = 'changed'\n")
    refused("lacks what is here: helper.py")
    git("checkout", "-q", "helper.py")
    flows.good("cloned", *create)
    run_id = flows.trigger("cloned", "trigger")
    flows.environment |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{bare}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://git.test/r.git",
    }
    with work(flows, tmp_path, pool):
        assert flows.awaited("cloned", run_id) == "Succeeded"
    assert said(flows, "ElsewhereClonedFlow", run_id)[0] == ["cloned", 1]


def test_other_work_pools_get_an_image_and_a_package(
    tmp_path: Path, prefect_api: str, stored: dict[str, str]
) -> None:
    """Each with the job template that Prefect has for its type."""
    sizes = {
        "docker": ("mem_limit", "2g"),
        "kubernetes": ("finished_job_ttl", 60),
        "ecs": ("memory", 2048),
        "cloud-run-v2": ("memory", "2Gi"),
    }
    with client_of(prefect_api) as client:
        view = {"view": "aggregate-worker-metadata"}
        known = client.request("GET", "/collections/views/{view}", path_params=view).json()
    templates = {kind: one for workers in known.values() for kind, one in workers.items()}
    for kind in sizes:
        template = templates[kind]["default_base_job_configuration"]
        make_pool(prefect_api, f"elsewhere-{kind}", kind, base_job_template=template)
    flows = Flows(tmp_path / "work", prefect_api, image=flow("ElsewhereImageFlow"))
    (flows.path / "helper.py").touch()

    def refused(said: str, *words: str) -> None:
        create = ("create", "--work-pool", "elsewhere-kubernetes", "--image", "mine:1")
        done = flows.prefect("image", *create, *words)
        assert (done.returncode, done.stderr.count("\n")) == (5, 1), done.stderr
        assert said in done.stderr

    refused("do not see the folders", "--pull", "local")
    refused("local datastore", "--pull", "package")
    flows.environment |= stored
    refused("Did you mean image_pull_policy?", "--job-variable", "image_pull_policies=Always")
    for kind, (variable, value) in sizes.items():
        create = ("create", "--work-pool", f"elsewhere-{kind}", "--image", "mine:1")
        given = f"{variable}={value}"
        flows.good("image", "--name", kind, *create, "--job-variable", given)
        with client_of(prefect_api) as client:
            found = client.read_deployment_by_name(f"ElsewhereImageFlow/{kind}")
        assert (found.job_variables["image"], found.job_variables[variable]) == ("mine:1", value)
        assert found.job_variables["env"]["METAFLOW_CODE_DS"] == "s3"


# In all forms that Metaflow takes: names and mappings as they are, or given by functions.
EVENTS = """@trigger(events=[
    {'name': lambda context: 'elsewhere.one', 'parameters': {'alpha': 'x'}},
    {'name': 'elsewhere.two', 'parameters': lambda context: ['none', ('beta', 'x')]},
])"""
TOLD = "self.told_by = [self.alpha, self.beta, *(tuple(map(str, one)) for one in current.trigger)]"
SENDING = (
    "from prefect.events import emit_event; emit_event('elsewhere.two', "
    "resource={'prefect.resource.id': 'a'}, payload={'x': 2})"
)
BY_CLIENT = "Run(f'{current.flow_name}/{current.run_id}').trigger.run.pathspec"
UPSTREAM = f"""namespace(None)
        self.told_by = [{BY_CLIENT}, current.trigger.run.pathspec, current.trigger.run.data.says[0]]
"""
# In a container there is the code package alone.
BOXED = "self.boxed = [find_spec('metaflow_prefect'), *(one.name for one in current.trigger)]"
LOOK = (
    "from metaflow import Run, namespace; namespace(None); run = Run('{}'); "
    "print(run.data.told_by); print(run.trigger and len(run.trigger.events)); "
    "print(run.data.boxed)"
)


def put_on_dask(api: str, name: str) -> None:
    """Have the steps of a deployment run on Dask, as somebody does in Prefect's pages."""
    chosen = {"METAFLOW_PREFECT_TASK_RUNNER": "dask", "METAFLOW_PREFECT_SHARED_FOLDER": "1"}
    with client_of(api) as client:
        found = client.read_deployment_by_name(name)
        variables = {**found.job_variables, "env": {**found.job_variables["env"], **chosen}}
        client.update_deployment(found.id, DeploymentUpdate(job_variables=variables))


def only_run(server: Operator, flow: str) -> str:
    """Wait for the end of the only run of a deployment, which is successful; return its id."""
    known = server.deployment(f"{flow}/default")

    def ended() -> list[FlowRun]:
        runs = server.runs(known, 2)
        return runs if all(run.state and run.state.is_final() for run in runs) else []

    (run,) = until(ended, f"the end of a run of {flow}")
    assert status_of(run) == "Succeeded"
    return f"prefect-{run.id}"


def test_events_and_upstream_runs_set_off_runs_that_know_of_them(
    tmp_path: Path, prefect_api: str, pool: str, stored: dict[str, str], clouds: Cloud
) -> None:
    after = "@trigger_on_finish(flow='ElsewhereUpFlow')"
    flows = Flows(
        tmp_path / "work",
        prefect_api,
        told=flow("ElsewhereToldFlow", EVENTS.replace("'none', ", ""), TOLD, "@batch", BOXED),
        wrong=flow("ElsewhereWrongFlow", EVENTS, TOLD),
        up=flow("ElsewhereUpFlow", body=SENDING),
        down=flow("ElsewhereDownFlow", after, UPSTREAM, "@kubernetes", BOXED),
        options=flow("ElsewhereOptionsFlow", "@trigger(event='a', options={'reset_at': '0 0'})"),
    )
    away = copy(flows)  # its commands take longer, as they import other parts of Metaflow
    away.environment = flows.environment | stored | clouds.settings(tmp_path)
    (flows.path / "helper.py").write_text("SAYS = 'up'\n")
    create = ("create", "--work-pool", pool)
    for name, why in (("options", "reset_at"), ("wrong", "to the parameter none")):
        refused = flows.prefect(name, *create)
        assert (refused.returncode, why in refused.stderr) == (4, True), refused.stderr
    for name in ("up", "down"):
        away.good(name, *create)
    # What a developer runs by hand against the same server sets off nothing.
    flows.good("up", "run")
    away.good("told", *create, "--tag", "prefect")  # also a word of the container's command
    put_on_dask(prefect_api, "ElsewhereToldFlow/default")
    sending = SENDING.replace("two", "one").replace("2", "1")
    assert flows.run("-c", sending).returncode == 0
    upstream = flows.trigger("up", "trigger")

    with client_of(prefect_api) as client, work(away, tmp_path, pool):
        server = Operator(client, "")
        told = only_run(server, "ElsewhereToldFlow")
        down = only_run(server, "ElsewhereDownFlow")
        logged = [one.message for one in server.logs(server.run(told))]
    shown = away.run("-c", LOOK.format(f"ElsewhereToldFlow/{told}")).stdout
    assert shown.startswith("[1, 2, ("), shown
    assert "Steps run on workers of Dask." in logged
    assert "elsewhere.one" in shown.splitlines()[0]
    assert "elsewhere.two" in shown.splitlines()[0]
    assert shown.splitlines()[1:] == ["2", "[None, 'elsewhere.two', 'elsewhere.one']"]
    shown = away.run("-c", LOOK.format(f"ElsewhereDownFlow/{down}")).stdout
    origin = f"ElsewhereUpFlow/{upstream}"
    boxed = "[None, 'metaflow.ElsewhereUpFlow.end']"
    assert shown.splitlines() == [str([origin, origin, "up"]), "1", boxed]


def test_notifications_and_automations_go_with_their_deployment(
    tmp_path: Path, prefect_api: str, pool: str
) -> None:
    text = flow("ElsewhereTellingFlow", "@trigger(event='elsewhere.tell')")
    flows = Flows(tmp_path / "work", prefect_api, telling=text)
    (flows.path / "helper.py").touch()
    create = ("create", "--work-pool", pool)
    slack = ("--notify-slack-webhook-url", "https://hooks.slack.test/secret")
    assert flows.prefect("telling", *create, "--notify-on-error").returncode == 2
    assert flows.prefect("telling", *create, *slack).returncode == 2
    block = ("--notify-on-error", "--notify-block", "slack-webhook/none")
    refused = flows.prefect("telling", *create, *block)
    assert (refused.returncode, "no notification block" in refused.stderr) == (5, True)

    def names() -> list[str]:
        with client_of(prefect_api) as client:
            found = client.request("POST", "/automations/filter", json={}).json()
        return sorted(one["name"] for one in found if "ElsewhereTelling" in one["name"])

    full = "ElsewhereTellingFlow/default"
    starts = f"metaflow: {full} when the event elsewhere.tell happens"
    tells = [f"metaflow: {full} when it {verb}: notify" for verb in ("completes", "fails")]
    done = flows.good("telling", *create, "--notify-on-error", "--notify-on-success", *slack)
    assert "secret" not in done
    assert names() == sorted([starts, *tells])
    flows.good("telling", *create, "--notify-on-error", *slack)
    assert names() == sorted([starts, tells[1]])
    # Deleted in Prefect's pages, it leaves an automation, which the next one takes away.
    with client_of(prefect_api) as client:
        client.delete_deployment(client.read_deployment_by_name(full).id)
    flows.good("telling", *create)
    assert names().count(starts) == 1
    flows.good("telling", "delete")
    assert names() == []


def test_requests_that_are_lost_on_the_way_are_made_again_to_the_same_effect(
    tmp_path: Path, prefect_api: str, pool: str
) -> None:
    text = flow("ElsewhereFlakyFlow", "@trigger(event='elsewhere.flaky')\n@schedule(daily=True)")
    changed = flow("ElsewhereFlakyFlow", "@trigger(event='elsewhere.other')")
    again = text.replace("daily", "hourly")
    with flaky_way_to(prefect_api) as (url, lost), client_of(prefect_api) as client:
        flows = Flows(tmp_path / "work", url, flaky=text)
        flows.environment["PREFECT_CLIENT_RETRY_JITTER_FACTOR"] = "0"
        (flows.path / "helper.py").touch()
        full = "ElsewhereFlakyFlow/default"

        def made() -> tuple[list[str], list[str]]:
            found = client.read_deployment_by_name(full)
            starts = client.read_resource_related_automations(f"prefect.deployment.{found.id}")
            crons = [one.schedule.cron for one in found.schedules]  # type: ignore[union-attr]
            return crons, [one.name.partition(" when ")[2] for one in starts]

        happens = "the event elsewhere.{} happens"
        for source, crons, event in (
            (text, ["0 0 * * *"], "flaky"),
            (changed, [], "other"),
            (again, ["0 * * * *"], "flaky"),
        ):
            (flows.path / "flaky.py").write_text(source)
            flows.good("flaky", "create", "--work-pool", pool)
            assert made() == (crons, [happens.format(event)])
        run_id = flows.trigger("flaky", "trigger")
        assert flows.good("flaky", "status", run_id) == "Pending"
        assert len(flows.good("flaky", "list-runs").splitlines()) == 1, "without those to come"
        flows.good("flaky", "terminate", run_id)
        assert flows.good("flaky", "status", run_id) == "Failed"
        flows.good("flaky", "delete")
        assert flows.good("flaky", "list-deployments") == ""
        found = client.request("POST", "/automations/filter", json={}).json()
        assert not [one for one in found if "ElsewhereFlakyFlow" in one["name"]]
    writes = {"POST /api/automations/", "POST /api/deployments/", "DELETE /api/automations/ID"}
    writes |= {"POST /api/flow_runs/ID/set_state", "DELETE /api/deployments/ID"}
    writes |= {"POST /api/deployments/ID/schedules"}
    assert writes <= set(lost)
