"""Metaflow's commands give the same answers for our runs as for native ones."""

import re
import subprocess
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor

import pytest
from e2e.project import SOURCES, FlowFolder

pytestmark = pytest.mark.xdist_group("answers")

LOOK = """
import sys
from metaflow import Flow, namespace
from metaflow.exception import MetaflowNamespaceMismatch
runs = set(sys.argv[1:])  # without a metadata service they come in any order
flow = Flow("ToldFlow")
print({run.id for run in flow} == runs, {run.id for run in flow.runs("one")} == runs)
print(flow.latest_run.id in runs, flow.latest_successful_run.id in runs)
namespace("user:somebody-else")
try:
    Flow("ToldFlow")
except MetaflowNamespaceMismatch:
    print("hidden")
"""


class Runs:
    """A native run and one of ours, of the same flow in the same folder."""

    def __init__(self, folder: FlowFolder) -> None:
        self.folder = folder
        output = folder.create()
        self.ids = [self._run("told.py", "run"), self._run(output)]

    def _run(self, *words: str) -> str:
        done = self.folder.run(*words, "--tag", "one", "--run-id-file", "id")
        assert done.returncode == 0, done.stdout + done.stderr
        return (self.folder.path / "id").read_text()

    def _task(self, run_id: str) -> str:
        step = self.folder.path / ".metaflow" / "ToldFlow" / run_id / "start"
        (task,) = (path.name for path in step.iterdir() if not path.name.startswith("_"))
        return f"{run_id}/start/{task}"

    def answer(self, command: str, run_id: str) -> list[str]:
        words = command.replace("TASK", self._task(run_id)).replace("RUN", run_id).split()
        done = self.folder.run("told.py", *words)
        assert done.returncode == 0, done.stderr
        return normal(done, run_id)

    def answers(self, command: str) -> tuple[list[str], list[str]]:
        """What a command says of the native run and of ours."""
        with ThreadPoolExecutor() as pool:
            native, ours = pool.map(lambda run_id: self.answer(command, run_id), self.ids)
        return native, ours


def normal(done: subprocess.CompletedProcess[str], run_id: str) -> list[str]:
    """The lines without what names the run, in order: several tasks come in any."""
    text = re.sub(r'"(eyJ[\w+/=]+)"', _decoded, done.stdout + done.stderr)
    text = re.sub(r"RUN/(\w+)/(\d+|\1(-\d)?)\b", r"RUN/\1/TASK", text.replace(run_id, "RUN"))
    text = re.sub(r"\b(tasks/|task_id=)(\d+|\w+(-\d)?)\b", r"\1TASK", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+", "TIME", text)
    text = re.sub(r"\b[0-9a-f-]{10,40}\b|(?<=markdown_)[0-9a-f]{6}\b", "HASH", text)
    return sorted(text.splitlines())


def _decoded(match: re.Match[str]) -> str:
    """What a card holds, which is JSON as base 64."""
    return b64decode(match[1]).decode()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Runs:
    folder = tmp_path_factory.mktemp("told")
    return Runs(FlowFolder(folder, SOURCES / "told.py", PREFECT_API_URL=prefect_api))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("logs RUN/start", "said: é"),
        ("logs --stderr --timestamps TASK", "complained"),
        ("dump RUN/body", "bbb"),
        ("dump --private --max-value-size=2000 TASK", "_foreach_num_splits"),
        ("card list TASK", "first"),
        ("card get TASK --id=first", "in the card"),
    ],
)
def test_same_answer(runs: Runs, command: str, told: str) -> None:
    native, ours = runs.answers(command)
    assert any(told in line for line in native)
    assert ours == native


def test_tags_are_changed_in_the_same_way(runs: Runs) -> None:
    for command, told in [
        ("tag add --run-id RUN two key:value", "two"),
        ("tag remove --run-id RUN key:value", ""),
        ("tag list --run-id RUN", "two"),
    ]:
        native, ours = runs.answers(command)
        assert any(told in line for line in native), (command, native)
        assert ours == native


def test_same_answer_of_the_client(runs: Runs) -> None:
    done = runs.folder.run("-c", LOOK, *runs.ids)
    assert done.stdout.splitlines() == ["True True", "True True", "hidden"], done.stderr
