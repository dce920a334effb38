"""`mfp list`: what it writes, where, and its exit codes."""

import json
from pathlib import Path

import click
import pytest
from mfp.cli import run
from support.mfp_samples import BODY, FLOW, write

BROKEN = "# FlowSpec\ndef x(:\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_table(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    longer = FLOW.replace("class F", "import metaflow as mf\n@mf.project(name='x')\nclass Longer")
    write(root, {"p/a.py": FLOW, "b.py": longer})
    assert run(["list"]) == 0
    out, err = capsys.readouterr()
    assert out == (
        "FLOW      CLASS   STEPS       DECORATORS\n"
        "b.py:6    Longer  start, end  project\n"
        "p/a.py:4  F       start, end\n"
    )
    assert err == ""


def test_table_is_never_shortened(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    name = "a" * 200 + ".py"
    write(root, {name: FLOW})
    assert run(["list"]) == 0
    assert f"{name}:4" in capsys.readouterr().out


def test_terminal_wraps_and_keeps_everything(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    name = "[red]" + "a" * 100 + ".py"
    write(root, {name: FLOW})
    assert run(["list"]) == 0
    out = click.unstyle(capsys.readouterr().out)
    assert max(map(len, out.splitlines())) <= 50
    assert out.count("a") > 100
    assert "[red]" in out


def test_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cell = {"cell_type": "code", "source": FLOW}
    files = {
        "a.py": "import metaflow as mf\n"
        + FLOW.replace("class", "@mf.schedule\nclass")
        + "\nclass B(FlowSpec): ...\n",
        "b.py": BROKEN,
        "n.ipynb": json.dumps({"cells": [cell]}),
    }
    write(root, files)
    assert run(["list", "--json"]) == 3
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {
        "flows": [
            {
                "path": "a.py",
                "line": 6,
                "class": "F",
                "bases": ["FlowSpec"],
                "steps": ["start", "end"],
                "decorators": ["schedule"],
            }
        ],
        "notebooks": [
            {"path": "n.ipynb", "cell": 1, "line": 4, "class": "F", "steps": ["start", "end"]}
        ],
        "left_out": [{"path": "a.py", "line": 15, "class": "B", "reason": "no steps"}],
        "problems": [
            {
                "path": "b.py",
                "line": 2,
                "message": json.loads(out)["problems"][0]["message"],
                "remedy": "Correct the syntax, or leave the file out with --exclude.",
            }
        ],
    }


@pytest.mark.parametrize(
    ("files", "code", "lines"),
    [
        pytest.param({}, 0, ["No flows found in the current folder."], id="none"),
        pytest.param({"b.py": BROKEN}, 3, ["No flows found", "b.py:2: is not valid"], id="broken"),
        pytest.param({"a.py": FLOW, "b.py": BROKEN}, 3, ["b.py:2: is not valid"], id="partly"),
        pytest.param(
            {"n.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": FLOW}]})},
            0,
            ["No flows found", "n.ipynb: cell 1: F is in a notebook and cannot be converted. "],
            id="notebook",
        ),
        pytest.param(
            {"a.py": f"{FLOW}\nclass B(FlowSpec): ...\n"}, 0, ["1 base class was left"], id="base"
        ),
        pytest.param(
            {"a.py": FLOW + "class B(FlowSpec): ...\nclass C(FlowSpec): ...\n"},
            0,
            ["2 base classes were left"],
            id="bases",
        ),
    ],
)
def test_standard_error(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    code: int,
    lines: list[str],
) -> None:
    write(root, files)
    assert run(["list"]) == code
    err = capsys.readouterr().err.splitlines()
    assert len(err) == len(lines)
    assert all(one.startswith(begin) for one, begin in zip(err, lines, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nowhere"], "mfp: error: nowhere is neither a file nor a folder.", id="path"),
        pytest.param(["--exclude", "!"], "mfp: error: The pattern '!' is not in", id="pattern"),
    ],
)
def test_usage_in_one_line(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    write(root, {"a.py": FLOW})
    assert run(["list", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(message)
    assert err.count("\n") == 1


def test_options_are_repeatable(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, dict.fromkeys(["a.py", "b.py", "c.py", "d.py"], FLOW))
    assert run(["list", "--include", "[abc].py", "--exclude", "a.py", "--exclude", "b.py"]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["c.py"]


def test_name_cannot_forge_a_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"a\nb\x1b[31m.py": FLOW})
    assert run(["list"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("a\\nb\\x1b[31m.py:4")


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"]], ids=["table", "json"])
def test_name_that_is_no_text(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    write(root, {b"\xe9.py".decode("utf-8", "surrogateescape"): FLOW})
    assert run(arguments) == 0
    assert "\\udce9.py" in capsys.readouterr().out


def test_nothing_is_run(root: Path) -> None:
    trap = f"import pathlib; pathlib.Path('ran').touch()\n{FLOW}"
    write(root, {"a.py": trap, "setup.py": trap, "p/__init__.py": trap, "p/b.py": FLOW})
    assert run(["list"]) == 0
    assert not (root / "ran").exists()


def test_base_without_a_graph_of_its_own(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = f"from metaflow import FlowSpec, step\nclass B(FlowSpec): ...\nclass F(B):{BODY}"
    write(root, {"a.py": source})
    assert run(["list"]) == 0
    assert "a.py:3  F" in capsys.readouterr().out
