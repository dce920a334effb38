"""Remotes of git repositories, without what is secret in them."""

import subprocess
from pathlib import Path

import pytest
from metaflow_prefect.deploy.pull import checkout_of, clone_steps, public_url
from metaflow_prefect.errors import DeployProblem


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://github.com/org/repo.git", "https://github.com/org/repo.git"),
        ("https://ghp_secret@github.com/org/repo", "https://github.com/org/repo"),
        ("https://ada:pass%40word@host:8443/r.git", "https://host:8443/r.git"),
        ("https://host/r.git?private_token=secret#x", "https://host/r.git"),
        ("http://[::1]:3000/r.git", "http://[::1]:3000/r.git"),
        ("git@github.com:org/repo.git", "git@github.com:org/repo.git"),
        ("ssh://git:secret@host:22/r.git", "ssh://git@host:22/r.git"),
        ("ssh://git@host/r.git", "ssh://git@host/r.git"),
    ],
)
def test_nothing_secret_is_left(remote: str, shown: str) -> None:
    assert public_url(remote) == shown
    assert "secret" not in public_url(remote)


@pytest.mark.parametrize("remote", ["/srv/repo.git", "../repo", "file:///srv/repo.git", "./a:b"])
def test_a_folder_is_no_remote(remote: str) -> None:
    with pytest.raises(DeployProblem, match="folder of this machine"):
        public_url(remote)


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


@pytest.mark.process
def test_a_folder_inside_of_a_repository(tmp_path: Path) -> None:
    inside = tmp_path / "a b"
    inside.mkdir()
    git(tmp_path, "init", "-q", "-b", "trunk")
    with pytest.raises(DeployProblem, match="no remote named origin"):
        checkout_of(tmp_path)
    git(tmp_path, "remote", "add", "origin", "https://u:secret@host/r.git")
    found = checkout_of(inside)
    assert (found.root, found.inside, found.branch) == (tmp_path, "a b", "trunk")
    assert clone_steps(found, "trunk") == [
        {
            "prefect.deployments.steps.git_clone": {
                "id": "clone",
                "repository": "https://host/r.git",
                "branch": "trunk",
            }
        },
        {
            "prefect.deployments.steps.set_working_directory": {
                "directory": "{{ clone.directory }}/a b"
            }
        },
    ]


@pytest.mark.process
def test_a_folder_outside_of_a_repository(tmp_path: Path) -> None:
    with pytest.raises(DeployProblem, match="not in a git repository"):
        checkout_of(tmp_path)
