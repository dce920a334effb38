"""The action deploys to a real Prefect server: all, or what changed, whatever fails."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from action_case import ACTION, BROKEN, ROOT, Case, flow, make_case
from runner.steps import Run, run_action
from runner.workflow import run_workflow
from test_workflows import check_out, git

SECRET = "top-secret-key"  # noqa: S105
WITH_HELPER = flow("HelperFlow").replace("from metaflow", "import helper\nfrom metaflow", 1)
UNFIT = (
    flow("YearFlow")
    .replace("import FlowSpec", "import FlowSpec, schedule")
    .replace("class", '@schedule(cron="0 0 1 1 ? 2030")\nclass', 1)
)
FILES = {
    "flows/a.py": flow("ActionAFlow"),
    "flows/broken.py": BROKEN,
    "flows/helped.py": WITH_HELPER,
    "flows/helper.py": "SIZE = 1\n",
    "flows/year.py": UNFIT,
}


def ask(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310  (our own loopback address)
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


@pytest.fixture
def pool(prefect_api: str) -> str:
    """A work pool of the server."""
    name = "action-pool"
    found = ask(f"{prefect_api}/work_pools/filter", {})
    if name not in [one["name"] for one in found]:
        ask(f"{prefect_api}/work_pools/", {"name": name, "type": "process"})
    return name


def with_remote(case: Case) -> Case:
    git(case.repository, "remote", "add", "origin", "https://user:password@git.example/flows.git")
    git(case.repository, "symbolic-ref", "HEAD", "refs/heads/main")
    return case


def commit(case: Case) -> None:
    git(case.repository, "add", ".")
    git(case.repository, "commit", "--quiet", "--message", "flows")


def statuses(run: Run) -> dict[str, str]:
    return {one["name"]: one["status"] for one in json.loads(run.outputs["deployments"])}


def test_all_then_changed(tmp_path: Path, prefect_api: str, pool: str) -> None:
    case = with_remote(make_case(tmp_path, FILES))

    def deploy(which: str, fail_on_error: str = "any") -> Run:
        return case.act(
            paths="flows",
            deploy=which,
            work_pool=pool,
            prefect_api_url=prefect_api,
            prefect_api_key=SECRET,
            fail_on_error=fail_on_error,
        )

    early = deploy("all")
    assert set(statuses(early).values()) == {"failed"}
    [told] = [one for one in early.step("Deploy").log.annotations if one.file == "flows/a.py"]
    assert (
        "prefect_flows/flows/a_prefect.py as it is generated is not in the commit" in told.message
    )
    assert "Commit it: " in told.message
    commit(case)

    first = deploy("all")
    assert statuses(first) == {
        "ActionAFlow/default": "deployed",
        "HelperFlow/default": "deployed",
        "YearFlow/default": "failed",
    }
    deployed = {one["name"]: one for one in json.loads(first.outputs["deployments"])}
    assert deployed["HelperFlow/default"]["path"] == "flows/helped.py"
    assert first.outputs["failed-count"] == "1"
    assert not first.success
    assert [one.message for one in first.annotations][-2:] == [
        "1 of 4 flows failed.",
        "1 of 3 deployments failed.",
    ]
    [told] = first.step("Deploy").log.annotations
    assert (told.file, told.title) == ("flows/year.py", "YearFlow/default not deployed")
    assert "years (2030)" in told.message
    assert "2 deployed, 1 failed." in first.summary
    for text in (first.text, first.summary, *first.outputs.values()):
        assert SECRET not in text
        assert "password" not in text

    [on_server] = ask(
        f"{prefect_api}/deployments/filter", {"flows": {"name": {"any_": ["HelperFlow"]}}}
    )
    assert on_server["id"] == deployed["HelperFlow/default"]["id"]
    assert on_server["work_pool_name"] == pool
    assert on_server["entrypoint"] == "prefect_flows/flows/helped_prefect.py:helper_flow"
    [clone] = on_server["pull_steps"]
    assert clone["prefect.deployments.steps.git_clone"]["repository"] == (
        "https://git.example/flows.git"
    )

    again = deploy("changed", "all")
    assert statuses(again)["HelperFlow/default"] == "unchanged"
    assert statuses(again)["ActionAFlow/default"] == "unchanged"
    assert again.success

    # A constant that a flow imports counts, though its generated file stays as it is.
    case.write({"flows/helper.py": "SIZE = 2\n"})
    uncommitted = deploy("changed", "never")
    assert statuses(uncommitted)["HelperFlow/default"] == "failed"
    assert "flows/helper.py as it is here is not in the commit" in uncommitted.text
    commit(case)
    changed = deploy("changed", "never")
    assert changed.outputs["changed"] == "false"
    assert statuses(changed)["HelperFlow/default"] == "deployed"
    assert statuses(changed)["ActionAFlow/default"] == "unchanged"
    assert changed.success


def test_workflow_for_users(tmp_path: Path, prefect_api: str) -> None:
    case = with_remote(make_case(tmp_path, {"flows/a.py": flow("WorkflowFlow")}, installs=True))
    assert case.act(paths="flows").success
    commit(case)
    found = ask(f"{prefect_api}/work_pools/filter", {})
    if "default" not in [one["name"] for one in found]:
        ask(f"{prefect_api}/work_pools/", {"name": "default", "type": "process"})
    jobs = run_workflow(
        ROOT / "examples" / "workflows" / "deploy.yml",
        case.machine(stubs={"actions/checkout": check_out}),
        secrets={"PREFECT_API_KEY": SECRET},
        variables={"PREFECT_API_URL": prefect_api},
    )
    assert jobs["deploy"].success, jobs["deploy"].text
    assert "1 deployed." in jobs["deploy"].summary


def test_server_that_does_not_answer(tmp_path: Path) -> None:
    case = with_remote(make_case(tmp_path, {"a.py": flow("AFlow")}, installs=True))
    assert case.act().success
    commit(case)
    # What the repository could put on the path of Python's modules, to read the secret.
    hostile = "import os, sys\nif os.environ.get('MFP_REPORT'):\n    sys.exit('owned')\n"
    case.write({"sitecustomize.py": hostile, "prefect.py": hostile})
    run = run_action(
        ACTION,
        {"deploy": "all", "prefect-api-url": "http://me:pass-word@127.0.0.1:1/api"},
        case.machine(env={"PREFECT_API_AUTH_STRING": SECRET, "PYTHONPATH": str(case.repository)}),
    )
    assert "owned" not in run.text
    assert not run.success
    assert case.files() == ["prefect_flows/a_prefect.py"]
    assert statuses(run) == {"AFlow/default": "failed"}
    assert "127.0.0.1:1/api" in run.annotations[0].message
    assert "pass-word" not in run.text + run.summary + run.outputs["deployments"]
    for name in ("Install mfp", "Convert", "Finish"):
        assert SECRET not in run.step(name).variables.values()
    assert SECRET in run.step("Deploy").variables.values()
    assert SECRET not in run.text + run.summary


def test_one_cause_is_told_once_and_in_terms_of_the_inputs(
    tmp_path: Path, prefect_api: str
) -> None:
    """A work pool that is missing, and a server that is down, fail each flow alike."""
    files = {f"flows/{name}.py": flow(f"Cause{name}Flow") for name in "ABC"}
    case = with_remote(make_case(tmp_path, files))
    assert case.act(paths="flows").success
    commit(case)
    for address, pool, message in (
        (prefect_api, "no-such-pool", "or name another by the input work-pool."),
        ("http://127.0.0.1:1/api", "", "Start it, or correct the input prefect-api-url."),
    ):
        run = case.act(paths="flows", deploy="all", work_pool=pool, prefect_api_url=address)
        assert list(statuses(run).values()) == ["failed"] * 3
        [told] = run.step("Deploy").log.annotations
        assert (told.title, told.file) == ("3 flows not deployed", None)
        assert told.message.endswith(message)
        assert [one.message for one in run.annotations[1:]] == ["3 of 3 deployments failed."]
