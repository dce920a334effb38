"""The workflows for users do what they say; the action that is released works."""

import json
import subprocess
from collections.abc import Mapping
from hashlib import sha256
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
    case = make_case(tmp_path, FILES, installs=True)
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
            "client-id": "Iv1.7",
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
            variables={"APP_CLIENT_ID": "Iv1.7"},
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
    pins = {}
    for version in ("0.4.0", "0.4.1", "0.4.0"):  # the last is run again, and changes nothing
        dist = build(tmp_path / "dist", version)
        command = ["bash", str(ROOT / ".ci" / "publish_action"), str(remote), version, str(dist)]
        done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
        pins[version] = done.stdout
    tags = git(remote, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags")
    commits = dict(line.split() for line in tags.splitlines())
    assert set(commits) == {"v0.4.0", "v0.4.1", "v1"}
    assert commits["v1"] == commits["v0.4.1"] == git(remote, "rev-parse", "HEAD").strip()
    for version, pin in pins.items():
        commit = commits[f"v{version}"]
        assert pin == f"uses: npow/metaflow-prefect-action@{commit} # v{version}\n"

    place = tmp_path / "action"
    git(tmp_path, "clone", "--quiet", "--branch", "v1", str(remote), str(place))
    names = {path.name for path in place.iterdir()}
    files = {"LICENSE", "README.md", "action.yml", "constraints.txt", "install.sh", "wheels"}
    assert names == {".git", *files}
    case = make_case(tmp_path / "case", FILES, installs=True)
    run = run_action(place, {"paths": "flows"}, case.machine())
    assert run.success, run.text
    assert json.loads(run.outputs["changed-files"])
    wheels = [Path(one) for one in case.installed if one.endswith(".whl")]
    assert {one.parent for one in wheels} == {place / "wheels"}
    assert [one.name.split("-")[:2] for one in wheels] == [
        ["metaflow_prefect", "0.4.1"],
        ["metaflow_prefect_cli", "0.4.1"],
    ]


def test_wheels_that_are_not_those_that_were_built_are_not_published(tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    dist = build(tmp_path / "dist", "0.4.0")
    next(dist.glob("*.whl")).write_text("something else")
    command = ["bash", str(ROOT / ".ci" / "publish_action"), str(remote), "0.4.0", str(dist)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode
    assert "FAILED" in done.stdout
    assert git(remote, "for-each-ref") == ""


def test_nothing_is_built_where_there_is_a_token_to_publish_with() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]
    for name, job in jobs.items():
        scripts = " ".join(step.get("run", "") for step in job.get("steps", ()))
        trusted = set(job["permissions"].values()) - {"read"} or "environment" in job
        assert ("release:build" in scripts) == (name == "build")
        assert bool(trusted) == (name in {"packages", "action", "tags"})
        if trusted:
            assert "sha256sum --check --strict SHA256SUMS" in scripts


def build(folder: Path, version: str) -> Path:
    """Give a folder as `hatch run release:build` leaves it."""
    folder.mkdir(exist_ok=True)
    names = [f"metaflow_prefect{it}-{version}-py3-none-any.whl" for it in ("", "_cli")]
    names.append(f"metaflow_prefect-{version}.tar.gz")
    for name in names:
        (folder / name).write_text(name)
    sums = [f"{sha256(name.encode()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(sums))
    return folder
