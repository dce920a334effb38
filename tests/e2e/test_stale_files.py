"""A generated file that is older than its flow says so, before anything runs."""

import os
import subprocess
from pathlib import Path

import pytest
from metaflow_prefect.model import RUNTIMES
from support.run import python

FLOW = '''\
from metaflow import FlowSpec, Parameter, step


class AgeFlow(FlowSpec):
    """A flow that changes."""

    alpha = Parameter("alpha", default=1, help="The first.")

    @step
    def start(self):
        self.next(self.middle)

    @step
    def middle(self):
        self.next(self.end)

    @step
    def end(self):
        print("alpha is", self.alpha)


if __name__ == "__main__":
    AgeFlow()
'''


def run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {"METAFLOW_HOME": str(folder / "home")}
    return python(*words, folder=folder, variables={**os.environ, **own, **variables})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A flow and its generated file."""
    (tmp_path / "age.py").write_text(FLOW, encoding="utf-8")
    made = run(tmp_path, "age.py", "prefect", "create", "out.py")
    assert made.returncode == 0, made.stderr
    return tmp_path


SPLIT = """\
(self.middle, self.other)

    @step
    def other(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)"""
SPLIT_REASON = (
    "step join is new, step other is new, step middle has changed, step start has changed"
)


@pytest.mark.parametrize(
    ("change", "words", "reason"),
    [
        pytest.param(("middle", "centre"), (), "middle is gone, step centre is new", id="step"),
        pytest.param(("(self.middle)", SPLIT), (), SPLIT_REASON, id="split"),
        pytest.param(('"alpha"', '"beta"'), (), "parameter alpha is gone", id="parameter"),
        pytest.param(
            ('"alpha"', '"beta"'), ("--alpha=2",), "parameter alpha is gone", id="parameter-given"
        ),
        pytest.param(("default=1", "default=1.5"), (), "parameter alpha has changed", id="type"),
        pytest.param(("default=1", "required=True, type=int"), (), "alpha has", id="required"),
    ],
)
def test_it_says_so_in_one_line_with_exit_code_2(
    folder: Path, change: tuple[str, str], words: tuple[str, ...], reason: str
) -> None:
    text = FLOW.replace(*change)
    if "other" in change[1]:
        text = text.replace(
            "def middle(self):\n        self.next(self.end)",
            "def middle(self):\n        self.next(self.join)",
        )
    (folder / "age.py").write_text(text, encoding="utf-8")
    ended = run(folder, "out.py", *words, PREFECT_API_URL="http://127.0.0.1:9/api")
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("age.py has changed since out.py was made from it: ")
    assert reason in ended.stderr
    assert ended.stderr.endswith("Make it again: python age.py prefect create out.py\n")
    assert ended.stdout == ""


def test_a_class_that_is_gone(folder: Path) -> None:
    (folder / "age.py").write_text(FLOW.replace("AgeFlow", "OtherFlow"), encoding="utf-8")
    ended = run(folder, "out.py", PREFECT_API_URL="http://127.0.0.1:9/api")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "There is no flow AgeFlow in" in ended.stderr


def test_what_a_step_does_may_change(folder: Path, prefect_api: str) -> None:
    text = FLOW.replace("alpha is", "now alpha is").replace("The first.", "Another.")
    (folder / "age.py").write_text(text.replace("default=1", "default=2"), encoding="utf-8")
    ended = run(folder, "out.py", PREFECT_API_URL=prefect_api)
    assert ended.returncode == 0, ended.stderr
    assert "now alpha is 2" in ended.stdout + ended.stderr


def test_a_flow_run_of_a_worker_fails_with_the_reason(folder: Path, prefect_api: str) -> None:
    (folder / "age.py").write_text(FLOW.replace("middle", "centre"), encoding="utf-8")
    program = "import out; print(out.age_flow(return_state=True).message)"
    ended = run(folder, "-c", program, PREFECT_API_URL=prefect_api)
    assert "age.py has changed since out.py was made from it: step middle is gone" in ended.stdout


@pytest.mark.one_a_day("runtime")
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("package", ["prefect", "metaflow"])
def test_a_version_that_is_too_old_is_refused(folder: Path, package: str, runtime: str) -> None:
    made = run(folder, "age.py", "prefect", "create", "out.py", "--runtime", runtime)
    assert made.returncode == 0, made.stderr
    # What says which version is installed, as of an old one, comes first on the path.
    about = folder / "old" / f"{package}-2.1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.1.0\n")
    ended = run(folder, "out.py", PYTHONPATH=str(folder / "old"))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert ended.stderr.startswith(f"This needs {package} ")
    assert "not 2.1.0" in ended.stderr
