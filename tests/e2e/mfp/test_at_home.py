"""What people expect of a command: hooks for pre-commit, JSON, no colours, advice for reviews."""

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.mfp_command import mfp
from support.mfp_samples import FLOW, write
from support.run import mfp_python

ROOT = Path(__file__).resolve().parents[3]
GOOD = FLOW + "\nif __name__ == '__main__':\n    F()\n"


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@t")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_hooks_for_pre_commit(tmp_path: Path) -> None:
    hooks, home = tmp_path / "hooks", tmp_path / "home"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "init", "--quiet")
    git(hooks, "add", ".")
    git(hooks, "commit", "--quiet", "--message", "hooks")
    write(tmp_path / "work", {"a.py": GOOD})
    git(tmp_path / "work", "init", "--quiet")
    git(tmp_path / "work", "add", ".")

    def run(hook: str) -> tuple[int, str]:
        environment = os.environ | {"HOME": str(home), "PRE_COMMIT_HOME": str(home / "pre-commit")}
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), hook, "--all-files"],
            cwd=tmp_path / "work",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, text = run("mfp-check")
    assert (code, "new: prefect_flows/a_prefect.py" in text) == (1, True), text
    code, text = run("mfp-convert")
    assert (tmp_path / "work/prefect_flows/a_prefect.py").is_file(), text
    assert run("mfp-check")[0] == 0


def test_advice_for_reviews(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": GOOD})
    git(tmp_path, "init", "--quiet")
    line = "prefect_flows/** linguist-generated"
    assert line in mfp(tmp_path, "convert-all").stderr
    assert line not in mfp(tmp_path, "convert-all").stderr
    write(tmp_path, {"b.py": GOOD, ".gitattributes": f"{line}\n"})
    assert line not in mfp(tmp_path, "convert-all").stderr


def test_json_of_one_flow(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": GOOD, "b.py": "1 / 0\n"})
    for name, code, status in (("a", 0, "converted"), ("b", 3, "failed")):
        result = mfp(tmp_path, "convert", f"{name}.py", "--json", "-")
        assert result.returncode == code
        (flow,) = json.loads(result.stdout)["flows"]
        assert (flow["path"], flow["status"]) == (f"{name}.py", status)
    shown = json.loads(mfp(tmp_path, "show", "a.py", "--format", "json").stdout)
    assert [(step["name"], step["next"]) for step in shown["steps"]] == [
        ("start", ["end"]),
        ("end", []),
    ]


@pytest.mark.parametrize("colours", [True, False])
def test_no_color(tmp_path: Path, colours: bool) -> None:
    write(tmp_path, {"a.py": GOOD})
    screen, terminal = pty.openpty()
    own = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    variables = {} if colours else {"NO_COLOR": "1"}
    subprocess.run(
        [*shlex.split(mfp_python()), "-m", "mfp", "convert-all"],
        cwd=tmp_path,
        env={**own, "TERM": "xterm", "HOME": str(tmp_path), **variables},
        stdout=terminal,
        stderr=terminal,
        check=True,
    )
    os.close(terminal)
    text = b""
    with os.fdopen(screen, "rb", buffering=0) as reader:
        try:
            while data := reader.read(4096):
                text += data
        except OSError:  # the other end is closed
            pass
    assert b"a_prefect.py" in text
    assert (re.search(rb"\x1b\[[0-9;]*3[0-9]", text) is not None) == colours
