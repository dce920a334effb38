"""The edge of the command: help, errors, exit codes, what is imported when."""

import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import click
import pytest
from metaflow_prefect.generate.generated_file import with_header
from mfp.cli import run
from mfp.commands import COMMANDS
from mfp.commands.loading import split
from mfp.errors import BadPatternError, MfpError, PathNotFoundError, UsageError
from mfp.lazy import Entry, LazyGroup
from support.mfp_samples import FLOW, write


def mfp(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mfp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.process
@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["-h"], ["--version"], ["list", "--help"]],
    ids=["help", "h", "version", "list-help"],
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from mfp.cli import run; code = run(sys.argv[1:]);"
        "heavy = {'rich', 'pathspec', 'metaflow', 'prefect', 'mfp.discover'};"
        "sys.exit(code or ', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=False)
    assert done.returncode == 0


@pytest.mark.process
def test_group_help_does_not_import_commands() -> None:
    code = (
        "import sys; from mfp.cli import run; run(['--help']);"
        "sys.exit([name for name in sys.modules if name.startswith('mfp.commands.')] or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_exit_codes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert "Examples:" in out
    assert f"mfp {name}" in out
    assert "Exit codes:" in out


def test_help_lists_commands_with_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    for name, entry in COMMANDS.items():
        assert (f"{name}  " in out) is not entry.hidden
        assert (entry.summary in " ".join(out.split())) is not entry.hidden


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["lsit"], "No such command 'lsit'. Did you mean 'list'?", id="command"),
        pytest.param(["--nope"], "No such option", id="option"),
        pytest.param(["list", "--nope"], "No such option", id="command-option"),
    ],
)
def test_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        pytest.param(MfpError("It broke", "Mend it."), 3, "It broke. Mend it.", id="error"),
        pytest.param(UsageError("Wrong", "Do so."), 2, "Wrong. Do so.", id="usage"),
        pytest.param(KeyError("x"), 70, "KeyError: 'x'. This is a defect of mfp", id="defect"),
        pytest.param(RecursionError("deep"), 70, "RecursionError: deep", id="recursion"),
        pytest.param(OSError(28, "No space", "x"), 3, "x: No space. Check", id="system"),
        pytest.param(OSError("odd"), 3, "odd. Check the disk", id="system-without-number"),
    ],
)
def test_errors_become_messages(
    raised: Exception,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("mfp.discover.discover", Mock(side_effect=raised))
    assert run(["list"]) == code
    err = capsys.readouterr().err
    assert err.startswith(f"mfp: error: {message}")
    assert err.count("\n") == 1
    assert run(["--debug", "list"]) == code
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), click.Abort()], ids=["key", "click"])
def test_interrupt(
    raised: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mfp.discover.discover", Mock(side_effect=raised))
    assert run(["list"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.process
def test_reader_that_goes_away(tmp_path: Path) -> None:
    write(tmp_path, {f"{'a' * 100}{number}.py": FLOW for number in range(1000)})
    with subprocess.Popen(
        [sys.executable, "-m", "mfp", "list", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        err = process.stderr.read()
    assert err == b""
    assert process.returncode in {1, 141}  # 1 is click's own


@pytest.mark.process
def test_stream_that_cannot_encode(tmp_path: Path) -> None:
    write(tmp_path, {"é.py": FLOW})
    done = mfp("list", cwd=tmp_path, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert ".py:4  F" in done.stdout


@pytest.mark.process
def test_module_can_be_run() -> None:
    done = mfp("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("mfp, version ")


def test_entry_that_is_no_command() -> None:
    group = LazyGroup(name="x", entries={"bad": Entry("mfp.errors", "No command.")})
    with pytest.raises(AttributeError):
        group.get_command(click.Context(group), "bad")
    assert group.get_command(click.Context(group), "other") is None


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        pytest.param(
            PathNotFoundError("x"),
            2,
            "x is neither a file nor a folder. "
            "Check its spelling; paths are relative to the current folder.",
            id="path",
        ),
        pytest.param(
            BadPatternError("!"),
            2,
            "The pattern '!' is not in gitignore syntax. "
            "Write it as a line of a .gitignore file, for example 'tests/' or '*_flow.py'.",
            id="pattern",
        ),
    ],
)
def test_error_texts(error: MfpError, code: int, text: str) -> None:
    assert error.exit_code == code
    assert str(error) == text


@pytest.mark.process
@pytest.mark.parametrize(
    ("words", "number", "expected"),
    [
        pytest.param("mfp ", 1, {"list", "convert-all", "doctor"}, id="commands"),
        pytest.param("mfp show --form", 2, {"--format"}, id="options"),
        pytest.param("mfp show --format ", 3, {"text", "mermaid", "dot"}, id="values"),
    ],
)
def test_completion(words: str, number: int, expected: set[str]) -> None:
    """As the script that click makes for bash asks."""
    script = Path(sys.executable).with_name("mfp")
    variables = {"_MFP_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(number)}
    done = subprocess.run(
        [script],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    found = {line.partition(",")[2] for line in done.stdout.splitlines()}
    assert expected <= found
    assert "action" not in found


@pytest.mark.process
def test_completion_script_for_each_shell() -> None:
    script = Path(sys.executable).with_name("mfp")
    for shell in ("zsh", "fish"):
        variables = {**os.environ, "_MFP_COMPLETE": f"{shell}_source"}
        done = subprocess.run([script], env=variables, capture_output=True, text=True, check=True)
        assert "_MFP_COMPLETE" in done.stdout


def test_flow_that_is_a_folder_or_a_generated_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        split(f"{tmp_path}")
    made = tmp_path / "a_prefect.py"
    made.write_text(with_header("pass\n", "A"))
    with pytest.raises(UsageError, match="was made of a flow"):
        split(f"{made}:A")
