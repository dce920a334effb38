"""The executor does as GitHub's runner does."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from action_case import make_case
from runner.files import FileCommandError, read_values
from runner.log import Shown, WorkflowCommandError, read_log
from runner.steps import DefinitionError, Run, run_action

PIN = "a" * 40


def run(tmp_path: Path, *steps: dict[str, Any], **outputs: str) -> Run:
    """Run an action of a few steps."""
    action = {
        "inputs": {"a": {"default": "${{ github.sha && 'given' }}"}, "b": {"default": False}},
        "outputs": {name: {"value": value} for name, value in outputs.items()},
        "runs": {"using": "composite", "steps": list(steps)},
    }
    (tmp_path / "action.yml").write_text(yaml.safe_dump(action))
    case = make_case(tmp_path / "case", {"x/y.txt": ""}, installs=True)
    return run_action(tmp_path, {}, case.machine(env={"JOB": "job"}))


def bash(script: str, **more: Any) -> dict[str, Any]:
    return {"name": script, "shell": "bash", "run": script, **more}


def test_files_conditions_and_outputs(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        bash('printf "x=1\\ny<<E\\n2\\n3\\nE\\n" >>"$GITHUB_OUTPUT"', id="one"),
        bash('echo "LATER=later" >>"$GITHUB_ENV"; echo /added >>"$GITHUB_PATH"'),
        bash(
            'test "$LATER$JOB$A$B" = laterjobgivenfalse',
            env={"A": "${{ inputs.a }}"} | {"B": "${{ inputs.b }}"},
        ),
        bash('test "${PATH%%:*}" = /added && test -z "${!INPUT_*}"'),
        bash("test -f y.txt", **{"working-directory": "x"}),
        bash("exit 3", **{"if": "inputs.a == 'other'"}),
        bash("echo '# Summary' >>\"$GITHUB_STEP_SUMMARY\"; false | true; echo not reached"),
        bash("echo skipped"),
        bash("echo always", **{"if": "${{ always() }}"}),
        bash("echo after failure", **{"if": "failure() && steps.one.outputs.x == '1'"}),
        both="${{ steps.one.outputs.x }}${{ steps.one.outputs.y }}",
    )
    assert [step.outcome for step in done.steps] == [
        *["success"] * 5,
        "skipped",
        "failure",
        "skipped",
        "success",
        "success",
    ]
    assert not done.success
    assert done.outputs == {"both": "12\n3"}
    assert done.text == "always\nafter failure\n"
    assert done.summary == "# Summary\n"


@pytest.mark.parametrize(
    "step",
    [
        pytest.param({"name": "x", "run": "true"}, id="no-shell"),
        pytest.param(bash("echo ${{ inputs.a }}"), id="expression-in-script"),
        pytest.param(bash("true", **{"continue-on-error": True}), id="unknown-key"),
        pytest.param({"uses": f"someone/else@{PIN}"}, id="not-stubbed"),
        pytest.param({"uses": "actions/setup-python@v7"}, id="not-pinned"),
    ],
)
def test_refused(tmp_path: Path, step: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        run(tmp_path, step)


@pytest.mark.parametrize("text", ["x", "x<<\n", "x<<E\n1\n", "<<E\nE\n"])
def test_files_that_github_refuses(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(FileCommandError):
        read_values(tmp_path / "file")


def test_log() -> None:
    text = "::error file=a%2Cb%3A,line=3,title=x::1%0A2 %25::3\nplain ::error::no\n"
    text += "::stop-commands::t\n::error::no\n##[add-path]x\n::t::\n  ::notice::yes\n"
    assert read_log(text).annotations == [
        Shown("error", "1\n2 %::3", file="a,b:", line=3, title="x"),
        Shown("notice", "yes"),
    ]


@pytest.mark.parametrize(
    "text", ["x ##[set-env name=a]b", "::set-output name=a::b", "::stop-commands::t\n"]
)
def test_commands_that_nothing_should_print(text: str) -> None:
    with pytest.raises(WorkflowCommandError):
        read_log(text)
