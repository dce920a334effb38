"""A step sees and does the same in a forked process as in a fresh one, and harms no other."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from metaflow_prefect.runtime.host.warm import TEMPLATE_VARIABLE
from support.launched import prepare, start
from support.run import LIMIT

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="steps are forked on Linux only"),
    pytest.mark.xdist_group("launcher"),
]

LAUNCHERS = ("warm", "template", "fresh")
FORKING = ("warm", "template")
STEPS = ("start", "left", "right", "after", "end")
CHOICES = {"warm": "Steps are forked from a warm process", "fresh": "Steps are started in fresh"}


class Seen:
    """What a run's steps have seen, its folder and its output."""

    def __init__(self, folder: Path, output: str) -> None:
        self.folder = folder
        self.output = output
        self.steps = {name: json.loads((folder / f"{name}.json").read_text()) for name in STEPS}

    def same(self, name: str) -> dict[str, Any]:
        """What must not depend on the launcher, of a step."""
        text = json.dumps(self.steps[name]["same"])
        text = re.sub(r"prefect-[0-9a-f-]{36}", "RUN", text.replace(str(self.folder), "FOLDER"))
        # names of files and folders made for a run
        text = re.sub(r"/tmp/(tmp|metaflow-prefect-)\w+", "SCRATCH", text)  # noqa: S108
        found: dict[str, Any] = json.loads(text)
        del found["environment"][TEMPLATE_VARIABLE]
        return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> dict[str, Seen]:
    """One run under each launcher, all at the same time."""
    runs: dict[str, tuple[Path, subprocess.Popen[str]]] = {}
    for launcher in LAUNCHERS:
        folder = tmp_path_factory.mktemp(launcher) / "run"
        prepare(folder, "seen.py")
        for name in ("meet-1", "meet-2"):
            subprocess.run(["mkfifo", name], cwd=folder, check=True)
        runs[launcher] = folder, start(folder, prefect_api, launcher)
    found = {}
    for launcher, (folder, process) in runs.items():
        with process:
            output, _ = process.communicate(timeout=LIMIT)
        assert process.returncode == 0, output
        found[launcher] = Seen(folder, output)
    return found


@pytest.mark.parametrize("launcher", FORKING)
@pytest.mark.parametrize("name", STEPS)
def test_same_process(seen: dict[str, Seen], name: str, launcher: str) -> None:
    forked, fresh = (seen[one].same(name) for one in (launcher, "fresh"))
    differing = {key: (forked[key], fresh[key]) for key in fresh if forked[key] != fresh[key]}
    assert not differing


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_nothing_left_by_other_steps(seen: dict[str, Seen], launcher: str) -> None:
    before, after = (seen[launcher].same(name) for name in ("start", "end"))
    for key in ("argv", "environment", "files"):  # what tells the tasks apart
        del before[key], after[key]
    assert before == after


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_own_group_and_files(seen: dict[str, Seen], launcher: str) -> None:
    for name in STEPS:
        assert seen[launcher].steps[name]["same"]["own group"]
        assert "socket" not in seen[launcher].steps[name]["same"]["files"]


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("source", ["random", "urandom", "uuid", "numpy"])
def test_random_state_is_each_steps_own(seen: dict[str, Seen], launcher: str, source: str) -> None:
    values = {seen[launcher].steps[name]["own"][source] for name in STEPS}
    assert len(values) == len(STEPS)


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize(
    ("index", "end"),
    [
        (0, "Exit code 3"),
        (1, "Exit code 4"),
        (2, "Killed by signal 11 (SIGSEGV)"),
        (3, "Killed by signal 9 (SIGKILL)"),
        (4, "Exit code 1"),
    ],
)
def test_exits(seen: dict[str, Seen], launcher: str, index: int, end: str) -> None:
    assert f"{end} in harm[{index}]" in seen[launcher].output


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_ends_like_an_interpreter(seen: dict[str, Seen], launcher: str) -> None:
    assert (seen[launcher].folder / "at-exit").exists()
    assert (seen[launcher].folder / "after-main").exists()


@pytest.mark.parametrize("launcher", FORKING)
def test_same_failures(seen: dict[str, Seen], launcher: str) -> None:
    forked, fresh = (
        json.loads((seen[one].folder / "failures.json").read_text()) for one in (launcher, "fresh")
    )
    assert "MemoryError" in forked["memory"]
    last_lines = [[text.splitlines()[-1] for text in run.values()] for run in (forked, fresh)]
    assert last_lines[0] == last_lines[1]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_choice_is_logged_once(seen: dict[str, Seen], launcher: str) -> None:
    for choice, line in CHOICES.items():
        assert seen[launcher].output.count(line) == ((choice == "fresh") == (launcher == "fresh"))


def test_which_steps_are_forked(seen: dict[str, Seen]) -> None:
    for launcher in FORKING:
        forked = {name for name in STEPS if seen[launcher].steps[name]["forked"]}
        assert forked == set(STEPS) - {"after"}  # which has another METAFLOW_* variable
    assert not any(seen["fresh"].steps[name]["forked"] for name in STEPS)


def test_a_template_process_forks_all_steps_but_fresh_ones(seen: dict[str, Seen]) -> None:
    parents = {n: seen["template"].steps[n]["parent"] for n in STEPS}
    assert parents.pop("after") not in parents.values()
    assert len(set(parents.values())) == 1


@pytest.mark.parametrize("launcher", FORKING)
def test_warm_process(seen: dict[str, Seen], launcher: str) -> None:
    for name in STEPS:
        step = seen[launcher].steps[name]
        assert step["parent threads"] == 1
        # the one to its owner, the pair that tells of ended children, and that to a template
        # process from what has one; none a connection
        has_template = launcher == "template" and name == "after"
        assert step["parent sockets"] == [3 + has_template, 0]
