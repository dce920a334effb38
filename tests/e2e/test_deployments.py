"""Deployments of a flow on a real server: what is on it, and what a worker makes of it."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from e2e.deploying import FLOWS, REQUIRED, flow, runs_of, schedule_as_by_0_4_0
from e2e.project import FlowFolder
from e2e.scheduler import make_pool, own_pool
from metaflow_prefect.runtime.flow_run.deployed import DEPLOYMENT_VARIABLE
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.schedules import IntervalSchedule
from support.wait import until

POOL = own_pool("deploy-tests")
IN_VAIN = (
    "Warning: the scheduled runs of DeployNightlyFlow/default will fail, as these parameters "
    "have no value: the-day. Deploy again with --parameter the-day=VALUE."
)


@pytest.fixture(scope="module")
def pool(prefect_api: str) -> str:
    return make_pool(prefect_api, POOL, base_job_template={})  # Prefect's own


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
