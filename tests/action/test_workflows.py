"""The workflows for users do what they say; the action that is released works."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import yaml
from action_case import BROKEN, ROOT, Case, flow, make_case
from runner.machine import Call
from runner.steps import run_action
from runner.workflow import run_workflow

WORKFLOWS = ROOT / "examples" / "workflows"
FILES = {"flows/a.py": flow("AFlow"), "flows/b.py": flow("BFlow")}


def check_out(call: Call) -> dict[str, str]:
    """Stand in for actions/checkout: the repository is there; its token must not stay."""
    assert call.inputs == {"persist-credentials": "false"}
    return {}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@x", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_check_on_a_pull_request_from_a_fork(tmp_path: Path) -> None:
    """There is no secret, and none is needed."""
    case = make_case(tmp_path, FILES)
    stubs = {"actions/checkout": check_out}
    drift = run_workflow(WORKFLOWS / "check.yml", case.machine("pull_request", stubs=stubs))
    assert not drift["check"].success
    assert [one.file for one in drift["check"].annotations][:2] == ["flows/a.py", "flows/b.py"]
    assert case.act(paths="flows").success
    machine = case.machine("pull_request", stubs=stubs)
    assert run_workflow(WORKFLOWS / "check.yml", machine)["check"].success


def test_what_changes_something_waits_for_its_turn_and_its_environment() -> None:
    for name, environment in (("deploy", "production"), ("regenerate", "regenerate")):
        workflow = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())
        assert workflow["concurrency"]["cancel-in-progress"] is False
        assert [job["environment"] for job in workflow["jobs"].values()] == [environment]


class PullRequests:
    """Stands in for the app and for create-pull-request: keeps what would be proposed."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.proposed: list[str] = []
        git(case.repository, "add", ".")
        git(case.repository, "commit", "--quiet", "--message", "flows")

    def token(self, call: Call) -> Mapping[str, str]:
        assert call.inputs == {
            "app-id": "7",
            "private-key": "key",
            "permission-contents": "write",
            "permission-pull-requests": "write",
        }
        return {"token": "token-of-the-app"}

    def create(self, call: Call) -> Mapping[str, str]:
        assert call.inputs["token"] == "token-of-the-app"  # noqa: S105
        assert call.inputs["branch"] == "regenerate-prefect-flows"
        folder = call.inputs["add-paths"]
        changed = git(self.case.repository, "status", "--porcelain", "-uall", "--", folder)
        self.proposed = [line.split()[-1] for line in changed.splitlines()]
        return {}

    def regenerate(self) -> bool:
        machine = self.case.machine(
            "schedule",
            stubs={
                "actions/checkout": check_out,
                "actions/create-github-app-token": self.token,
                "peter-evans/create-pull-request": self.create,
            },
        )
        run = run_workflow(
            WORKFLOWS / "regenerate.yml",
            machine,
            secrets={"APP_PRIVATE_KEY": "key"},
            variables={"APP_ID": "7"},
        )["regenerate"]
        assert "key" not in [step.variables.get("APP_PRIVATE_KEY") for step in run.all_steps]
        return run.success


def test_regenerate_proposes_what_changed_and_fails_at_the_end(tmp_path: Path) -> None:
    case = make_case(tmp_path, FILES)
    pulls = PullRequests(case)
    assert pulls.regenerate()
    assert pulls.proposed == [
        "prefect_flows/flows/a_prefect.py",
        "prefect_flows/flows/b_prefect.py",
    ]
    git(case.repository, "add", ".")
    git(case.repository, "commit", "--quiet", "--message", "generated")
    assert pulls.regenerate()
    assert pulls.proposed == []
    case.write({"flows/a.py": BROKEN, "flows/c.py": flow("CFlow")})
    (case.repository / "flows" / "b.py").unlink()
    assert not pulls.regenerate()
    assert pulls.proposed == [
        "prefect_flows/flows/b_prefect.py",
        "prefect_flows/flows/c_prefect.py",
    ]


def test_regenerate_tells_of_an_edited_file_whose_flow_is_gone(tmp_path: Path) -> None:
    case = make_case(tmp_path, FILES)
    pulls = PullRequests(case)
    assert pulls.regenerate()
    generated = case.repository / "prefect_flows/flows" / "b_prefect.py"
    generated.write_text(generated.read_text() + "# mine\n")
    (case.repository / "flows" / "b.py").unlink()
    assert not pulls.regenerate()


def test_the_action_is_published_as_a_repository(tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    for version in ("0.4.0", "0.4.1", "0.4.0"):  # the last is run again, and changes nothing
        command = ["bash", str(ROOT / ".ci" / "publish_action"), str(remote), version]
        subprocess.run(command, check=True, env=environment, capture_output=True)
    tags = git(remote, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags")
    commits = dict(line.split() for line in tags.splitlines())
    assert set(commits) == {"v0.4.0", "v0.4.1", "v1"}
    assert commits["v1"] == commits["v0.4.1"] == git(remote, "rev-parse", "HEAD").strip()

    place = tmp_path / "action"
    git(tmp_path, "clone", "--quiet", "--branch", "v1", str(remote), str(place))
    names = {path.name for path in place.iterdir()}
    assert names == {".git", "LICENSE", "README.md", "VERSION", "action.yml", "install.sh"}
    case = make_case(tmp_path / "case", FILES)
    run = run_action(place, {"paths": "flows"}, case.machine())
    assert run.success, run.text
    assert json.loads(run.outputs["changed-files"])
    assert case.installed[-2:] == ["metaflow-prefect==0.4.1", "metaflow-prefect-cli==0.4.1"]
