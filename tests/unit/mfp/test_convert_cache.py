"""The memory of `mfp convert-all`: a flow is loaded again exactly if something it needs changed."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from mfp_command import mfp
from mfp_samples import BODY, write

# What loading leaves behind shows whether the flow was loaded.
SEEN = "import os\nos.close(os.open(os.environ['SEEN'], os.O_CREAT | os.O_WRONLY))\n"
FLOW = f"""
{SEEN}
import helper, json, glob
from pathlib import Path
from metaflow import Config, FlowSpec, Parameter, step
EXTRA = os.environ.get("EXTRA", "")
SETTINGS = json.loads(Path("settings.json").read_text())
FLAG = os.path.exists("flag")
NAMES = sorted(glob.glob("data/*"))
try:
    import optional
except ImportError:
    optional = None


class F(FlowSpec):
    config = Config("config", default="config.json")
    p = Parameter("p", default=f"{{helper.VALUE}} {{EXTRA}} {{SETTINGS}} {{FLAG}} {{NAMES}}")
{BODY}

if __name__ == "__main__":
    F()
"""
FILES = {
    "flows/a.py": FLOW,
    "flows/helper.py": "from deeper.more import VALUE\n",
    "flows/deeper/more.py": "VALUE = 1\n",
    "settings.json": "{}",
    "config.json": "{}",
    "data/one": "",
}


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., bool]:
    """Give a run of the command that says whether it loaded the flow."""
    write(tmp_path / "repo", FILES)
    for path in (tmp_path / "repo").rglob("*"):  # as if they were there for a while
        os.utime(path)

    def convert(*arguments: str, **variables: str) -> bool:
        seen = tmp_path / "seen"
        seen.unlink(missing_ok=True)
        variables |= {"SEEN": str(seen), "MFP_CACHE_DIR": str(tmp_path / "cache")}
        result = mfp(tmp_path / "repo", "convert-all", "flows", *arguments, **variables)
        assert result.returncode == 0, result.stderr
        return seen.exists()

    assert convert()
    assert not convert()
    return convert


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("flows/a.py", FLOW.replace("class F", "\nclass F")),
        ("flows/helper.py", "VALUE = 2\n"),
        ("flows/deeper/more.py", "VALUE = 2\n"),
        ("flows/deeper/__init__.py", "X = 2\n"),
        ("flows/optional.py", "X = 2\n"),
        ("flows/json.py", "X = 2\n"),
        ("settings.json", "[]"),
        ("config.json", '{"a": 1}'),
        ("flag", ""),
        ("data/two", ""),
        ("prefect_flows/a_prefect.py", None),
    ],
)
def test_change_of_a_file(
    loaded: Callable[..., bool], tmp_path: Path, name: str, content: str | None
) -> None:
    path = tmp_path / "repo" / name
    if content is None:
        path.unlink()
    else:
        write(tmp_path / "repo", {name: content})
    assert loaded()
    assert not loaded()


def test_no_change_that_matters(loaded: Callable[..., bool], tmp_path: Path) -> None:
    write(tmp_path / "repo", {"other.py": "x = 1\n", "flows/helper.py": FILES["flows/helper.py"]})
    assert not loaded()
    assert not loaded("--check")


def test_options_and_variables(loaded: Callable[..., bool]) -> None:
    assert loaded("--missing-imports", "stub")
    assert loaded(EXTRA="x")
    assert not loaded(EXTRA="x")
    assert loaded("--no-cache", EXTRA="x")
    assert loaded()
    assert loaded(METAFLOW_DEFAULT_ENVIRONMENT="local")


def test_broken_memory(loaded: Callable[..., bool], tmp_path: Path) -> None:
    for path in (tmp_path / "cache").iterdir():
        json.loads(path.read_text())
        path.write_text("{")
    assert loaded()
    assert not loaded()


def test_failure_is_never_remembered(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "1 / 0\n" + FLOW})
    for _ in range(2):
        assert mfp(tmp_path, "convert-all").returncode == 3
