"""The release publishes what it has built, whatever is there already, and nothing else."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from action_case import ROOT
from metaflow_prefect.__about__ import __version__
from runner.machine import Call, Machine, machine
from runner.workflow import run_workflow

TAG = f"v{__version__}"
WHEELS = [f"metaflow_prefect{it}-{__version__}-py3-none-any.whl" for it in ("", "_cli")]
# What stands in for the programs that reach beyond this machine, or take their time.
HATCH = f"""
case $2 in
  release:check) exec python3 .ci/check_tag.py "$3" ;;
  release:build) mkdir dist && cd dist && touch {" ".join(WHEELS)} metaflow.tar.gz
    sha256sum * >SHA256SUMS ;;
esac
"""
GH = """
case "$1 $2 $3" in
  "release view "* | *" PATCH") exit 1 ;;
esac
"""


class Release:
    """A checkout in which the workflow runs, the action's repository, and what was called."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "checkout"
        for name in (".ci", "action", "packages"):
            shutil.copytree(ROOT / name, self.workspace / name)
        shutil.copy(ROOT / "LICENSE", self.workspace)
        self.kept = folder / "kept"
        self.calls = folder / "calls"
        self.remote = folder / "remote"
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.remote)], check=True)
        programs = folder / "bin"
        programs.mkdir()
        for name, script in {"hatch": HATCH, "gh": GH, "pip": ""}.items():
            note = f'echo "{name} $*" >>"{self.calls}"\n'
            (programs / name).write_text(f"#!/bin/bash\n{note}{script}")
            (programs / name).chmod(0o755)
        self.path = f"{programs}:{os.environ['PATH']}"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()

    def machine(self) -> Machine:
        found = machine(
            self.workspace,
            self.temporary,
            path=self.path,
            stubs={
                "./.github/workflows/test.yml": lambda _: {},
                "actions/checkout": self.check_out,
                "actions/setup-python": lambda _: {},
                "actions/upload-artifact": self.upload,
                "actions/download-artifact": self.download,
                "actions/create-github-app-token": lambda _: {"token": "of-the-app"},
            },
        )
        remote = f'[url "{self.remote}"]\n\tinsteadOf = https://github.example/octo/metaflow'
        (self.temporary / "home" / ".gitconfig").write_text(f"{remote}-prefect-action\n")
        found = replace(found, github={**found.github, "token": "of-the-job"})
        return found.with_variables({"GITHUB_REF_NAME": TAG})

    def check_out(self, _: Call) -> dict[str, str]:
        shutil.rmtree(self.workspace / "dist", ignore_errors=True)
        return {}

    def upload(self, call: Call) -> dict[str, str]:
        shutil.copytree(self.workspace / call.inputs["path"], self.kept)
        return {}

    def download(self, call: Call) -> dict[str, str]:
        shutil.copytree(self.kept, self.workspace / call.inputs["path"], dirs_exist_ok=True)
        return {}

    def run(self) -> dict[str, bool]:
        """Run the workflow, and give the jobs that ran, and whether they succeeded."""
        runs = run_workflow(
            ROOT / ".github" / "workflows" / "release.yml",
            self.machine(),
            secrets={"APP_PRIVATE_KEY": "key"},
            variables={"APP_CLIENT_ID": "Iv1.7"},
        )
        return {name: run.success for name, run in runs.items()}

    def tags(self) -> dict[str, str]:
        command = ["git", "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags"]
        done = subprocess.run(command, cwd=self.remote, check=True, capture_output=True, text=True)
        return dict(line.split() for line in done.stdout.splitlines())


def test_all_is_published_once(tmp_path: Path) -> None:
    release = Release(tmp_path)
    jobs = ("test", "build", "packages", "action", "tags")
    assert release.run() == dict.fromkeys(jobs, True)
    tags = release.tags()
    assert set(tags) == {TAG, "v1"}
    calls = release.calls.read_text().splitlines()
    hatch = [call for call in calls if call.startswith("hatch ")]
    assert hatch == [
        f"hatch run release:check {TAG}",
        "hatch run release:build",
        "hatch run release:attest",
        "hatch run release:publish",
    ]
    pin = f"uses: npow/metaflow-prefect-action@{tags[TAG]} # {TAG}"
    create, upload, patch, post = [call for call in calls if call.startswith("gh ")][2:]
    assert create.endswith(f"--notes The action, by its commit: `{pin}`")
    assert all(f"dist/{name}" in upload for name in (*WHEELS, "SHA256SUMS"))
    assert ("--method PATCH" in patch, "ref=refs/tags/v1" in post) == (True, True)


@pytest.mark.parametrize("changed", [WHEELS[0], "SHA256SUMS"])
def test_what_was_changed_on_the_way_is_not_published(tmp_path: Path, changed: str) -> None:
    release = Release(tmp_path)
    upload = release.upload

    def tampered(call: Call) -> dict[str, str]:
        upload(call)
        (release.kept / changed).write_text("something else\n")
        return {}

    release.upload = tampered  # type: ignore[method-assign]
    assert release.run() == {"test": True, "build": True, "packages": False}
    assert "publish" not in release.calls.read_text()
    assert not release.tags()
