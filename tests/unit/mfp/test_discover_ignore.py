"""`.gitignore` as git itself understands it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from mfp.discover import discover
from support.mfp_samples import FLOW, Files, Found, write

GIT = shutil.which("git")
NAMES = [
    "a.py",
    "b.py",
    "build/a.py",
    "p/a.py",
    "p/b.py",
    "p/build/c.py",
    "p/q/a.py",
    "p/q/b.py",
    "p/q/build.py",
    "x y.py",
    "#c.py",
    "!d.py",
]


def git(folder: Path, *arguments: str) -> str:
    assert GIT
    done = subprocess.run([GIT, "-C", folder, *arguments], capture_output=True, check=True)
    return done.stdout.decode()


@pytest.mark.process
@pytest.mark.skipif(GIT is None, reason="git is the reference")
@pytest.mark.parametrize(
    "ignores",
    [
        pytest.param({".gitignore": "a.py\n"}, id="name"),
        pytest.param({".gitignore": "/a.py\n"}, id="anchored"),
        pytest.param({".gitignore": "p/a.py\n"}, id="path"),
        pytest.param({".gitignore": "build/\n"}, id="folder"),
        pytest.param({".gitignore": "build\n"}, id="file-or-folder"),
        pytest.param({".gitignore": "build.py/\n"}, id="folder-only"),
        pytest.param({".gitignore": "*.py\n!a.py\n"}, id="taken-back"),
        pytest.param({".gitignore": "p/\n!p/a.py\n"}, id="not-below-an-ignored-folder"),
        pytest.param({".gitignore": "p/*\n!p/a.py\n"}, id="below-a-folder"),
        pytest.param({".gitignore": "*\n!*/\n!a.py\n"}, id="all-but"),
        pytest.param({".gitignore": "**/q/*.py\n"}, id="two-stars"),
        pytest.param({".gitignore": "p/**/a.py\n"}, id="two-stars-inside"),
        pytest.param({".gitignore": "p/**\n"}, id="two-stars-at-the-end"),
        pytest.param({".gitignore": "p/**\n!p/a.py\n"}, id="two-stars-but"),
        pytest.param({".gitignore": "p/**/\n"}, id="two-stars-folders"),
        pytest.param({".gitignore": "**/q\n"}, id="two-stars-first"),
        pytest.param({".gitignore": "**\n!p/\n!a.py\n"}, id="two-stars-alone"),
        pytest.param({".gitignore": "*/\n"}, id="all-folders"),
        pytest.param({".gitignore": "/*\n!/p/\n"}, id="all-but-a-folder"),
        pytest.param({".gitignore": "*\n!*/\n!*.py\na.py\n"}, id="all-but-a-suffix"),
        pytest.param({".gitignore": "*.py\n!\\#c.py\n!!d.py\n"}, id="taken-back-marks"),
        pytest.param({".gitignore": "[z-a].py\n[\n"}, id="invalid-set"),
        pytest.param({".gitignore": "[[ab].py\n"}, id="nested-set"),
        pytest.param({".gitignore": "/\n//\n"}, id="slashes"),
        pytest.param({".gitignore": "a.py\r\n"}, id="crlf"),
        pytest.param({".gitignore": "A.py\n"}, id="case"),
        pytest.param({".gitignore": "[ab].py\n"}, id="set"),
        pytest.param({".gitignore": "[!a].py\n"}, id="not-in-set"),
        pytest.param({".gitignore": "?.py\n"}, id="one-character"),
        pytest.param({".gitignore": "x y.py   \n"}, id="spaces"),
        pytest.param({".gitignore": "\\#c.py\n\\!d.py\n"}, id="escaped"),
        pytest.param({".gitignore": "# a.py\n\n"}, id="comment"),
        pytest.param({".gitignore": "\ufeffa.py\n"}, id="bom"),
        pytest.param({".gitignore": "!\na.py\n"}, id="invalid-line"),
        pytest.param({".gitignore": "a.py\n", "p/.gitignore": "!a.py\n"}, id="nearer-wins"),
        pytest.param({".gitignore": "!a.py\n", "p/.gitignore": "a.py\n"}, id="nearer-ignores"),
        pytest.param({"p/.gitignore": "/a.py\n"}, id="anchored-in-its-folder"),
        pytest.param({"p/.gitignore": "q/a.py\n"}, id="path-in-its-folder"),
        pytest.param({".git/info/exclude": "a.py\n"}, id="info-exclude"),
        pytest.param({".git/info/exclude": "a.py\n", ".gitignore": "!/a.py\n"}, id="info-first"),
    ],
)
def test_the_same_as_git(tmp_path: Path, ignores: Files) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {**dict.fromkeys(NAMES, FLOW), **ignores})
    listed = git(tmp_path, "ls-files", "-z", "--others", "--exclude-standard").split("\0")
    result = discover(["."], root=tmp_path)
    assert sorted(str(flow.path) for flow in result.flows) == sorted(
        name for name in listed if name.endswith(".py")
    )


@pytest.mark.process
@pytest.mark.skipif(GIT is None, reason="git makes the worktree")
def test_info_exclude_of_a_worktree(tmp_path: Path) -> None:
    main, worktree = tmp_path / "main", tmp_path / "worktree"
    main.mkdir()
    git(main, "init", "-q")
    write(main, {".git/info/exclude": "a.py\n"})
    git(main, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x", "--allow-empty")
    git(main, "worktree", "add", "-q", str(worktree))
    write(worktree, {"a.py": FLOW, "b.py": FLOW})
    assert [str(flow.path) for flow in discover(["."], root=worktree).flows] == ["b.py"]


def test_without_a_repository(found: Found) -> None:
    files = {".gitignore": "a.py\n", "a.py": FLOW, "b.py": FLOW}
    assert [str(flow.path) for flow in found(files).flows] == ["b.py"]


def test_rules_of_the_folders_above(found: Found) -> None:
    files = {".git/HEAD": "", ".gitignore": "a.py\n", "p/a.py": FLOW, "p/b.py": FLOW}
    assert [str(flow.path) for flow in found(files, "p").flows] == ["p/b.py"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("build", ["build/f.py"], id="folder"),
        pytest.param("build/f.py", ["build/f.py"], id="file"),
        pytest.param("build/sub", ["build/sub/f.py"], id="folder-below"),
    ],
)
def test_what_is_named_is_read(found: Found, asked: str, expected: list[str]) -> None:
    files = {".git/HEAD": "", ".gitignore": "build/\n", "build/f.py": FLOW}
    files |= {"build/sub/.gitignore": "g.py", "build/sub/f.py": FLOW, "build/sub/g.py": FLOW}
    if asked == "build":
        expected = [*expected, "build/sub/f.py"]
    assert [str(flow.path) for flow in found(files, asked).flows] == expected


def test_base_in_an_ignored_file(found: Found) -> None:
    files = {
        ".gitignore": "base.py",
        "base.py": FLOW,
        "f.py": "import base\n# FlowSpec\nclass G(base.F): ...",
    }
    assert [flow.name for flow in found(files).flows] == ["G"]
