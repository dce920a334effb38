"""The memory of `mfp convert-all`: a flow is loaded again exactly if something it needs changed."""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.mfp_command import mfp
from support.mfp_samples import BODY, write

# What loading leaves behind shows whether the flow was loaded.
SEEN = "import os\nos.close(os.open(os.environ['SEEN'], os.O_CREAT | os.O_WRONLY))\n"
FLOW = f"""
{SEEN}
import helper, json, glob
from pathlib import Path
from metaflow import Config, FlowSpec, Parameter, step
EXTRA = os.environ.get("EXTRA", "")
SETTINGS = json.loads(Path("settings.json").read_text())
NAMES = sorted(glob.glob("data/*"))
try:
    import optional
except ImportError:
    optional = None


class F(FlowSpec):
    config = Config("config", default="config.json")
    p = Parameter("p", default=f"{{helper.VALUE}} {{EXTRA}} {{SETTINGS}} {{NAMES}}")
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


def test_change_of_a_file(loaded: Callable[..., bool], tmp_path: Path) -> None:
    changes = {  # in this order: helper.py then imports nothing more
        "flows/a.py": FLOW.replace("class F", "\nclass F"),
        "flows/deeper/__init__.py": "X = 2\n",
        "flows/deeper/more.py": "VALUE = 2\n",
        "flows/helper.py": "VALUE = 2\n",
        "flows/optional.py": "X = 2\n",
        "settings.json": "[]",
        "config.json": '{"a": 1}',
        "data/two": "",
    }
    for name, content in changes.items():
        write(tmp_path / "repo", {name: content})
        assert loaded(), name
        assert not loaded(), name
    (tmp_path / "repo/prefect_flows/flows/a_prefect.py").unlink()
    assert loaded()
    assert not loaded()


# What loading may ask for, with a change after which it gets another answer.
ASKED = {
    "listdir": ("os.listdir('data/deep')", "data/deep/.new"),
    "glob": ("sorted(glob.glob('data/*'))", "data/two"),
    "walk": ("[names for *_, names in os.walk('data/deep')]", "data/deep/.new"),
    "iterdir": ("[one.name for one in Path('data').iterdir()]", "data/two"),
    "rglob": ("[one.name for one in Path('data/deep').rglob('*')]", "data/deep/.new"),
    "link": ("open('link').read()", "link"),
    "not_there": ("TRY('new')", "new"),
    "beyond_link": ("open('hop/../one').read()", "data/one"),
    "open": ("open('data/one', 'rb').read()", "data/one"),
    "open_to_update": ("open('data/one', 'r+').read()", "data/one"),
    "open_fd": ("os.read(os.open('data/one', os.O_RDONLY), 9)", "data/one"),
    "open_code": ("io.open_code(os.path.abspath('data/one')).read()", "data/one"),
    "mmap": (
        "mmap.mmap(os.open('data/one', os.O_RDONLY), 0, prot=mmap.PROT_READ)[:]",
        "data/one",
    ),
    "get_data": ("pkgutil.get_data('package', 'file.txt')", "flows/package/file.txt"),
    "resources": (
        "importlib.resources.files('package').joinpath('file.txt').read_text()",
        "flows/package/file.txt",
    ),
    "chdir": ("(os.chdir('data'), open('one').read())", "data/one"),
    "thread": ("[one.start() or one.join() for one in [THREAD]]", "data/one"),
    "closed": ("(os.closerange(3, 100), open('data/one').read())", "data/one"),
}
# Changes of which each flow notices only its own.
TOGETHER = [
    {"data/deep/.new", "new", "link"},
    {"data/one", "flows/package/file.txt"},
    {"data/two"},
]
# What nobody can tell whether it would be answered so again.
UNKNOWN = {
    "program": "subprocess.run(['true'])",
    "shell": "os.system('true')",
    "fork": "os.fork() or os._exit(0)",
    "connection": "socket.socket(socket.AF_UNIX).connect_ex('nowhere')",
    "host": "socket.gethostname()",
    "address": "socket.getaddrinfo('127.0.0.1', 1)",
    "listdir_fd": "os.listdir(os.open('data', os.O_RDONLY))",
    "database": "sqlite3.connect('data/base')",
}
IMPORTS = "glob, importlib.resources, io, mmap, os, pkgutil, socket, sqlite3, subprocess, threading"


def asking(code: str) -> str:
    seen = "os.close(os.open(os.environ['SEEN'] + __file__[-30:].replace('/', '-'), 65))"
    thread = "THREAD = threading.Thread(target=open, args=('data/one',))"
    read = "def TRY(name):\n    try: open(name).close()\n    except OSError: pass\n"
    parts = (f"import {IMPORTS}\nfrom pathlib import Path", seen, thread, read, code, ASKING)
    return "\n".join(parts)


ASKING = f"""
from metaflow import FlowSpec, step


class F(FlowSpec):{BODY}

if __name__ == "__main__":
    F()
"""


def test_everything_that_is_asked_for(tmp_path: Path) -> None:
    asked = {name: code for name, (code, _) in ASKED.items()} | UNKNOWN
    root = tmp_path / "repo"
    data = {
        "data/one": "1",
        "data/deep/one": "1",
        "one": "1",
        "flows/package/__init__.py": "",
    }
    files = {f"flows/ask_{name}.py": asking(code) for name, code in asked.items()}
    write(root, files | data | {"flows/package/file.txt": "1"})
    (root / "link").symlink_to("data/one")
    (root / "hop").symlink_to("data/deep")
    for path in root.rglob("*"):
        os.utime(path)
    variables = {"SEEN": f"{tmp_path}/seen-", "MFP_CACHE_DIR": str(tmp_path / "cache")}

    def loaded() -> set[str]:
        for path in tmp_path.glob("seen-*"):
            path.unlink()
        result = mfp(root, "convert-all", "flows", **variables)
        assert result.returncode == 0, result.stderr
        names = {path.stem.partition("ask_")[2] for path in tmp_path.glob("seen-*")}
        assert set(UNKNOWN) <= names
        return names - set(UNKNOWN)

    assert loaded() == set(ASKED)
    assert loaded() == set()
    for changes in TOGETHER:
        write(root, {change: "2" for change in changes if change != "link"})
        if "link" in changes:
            (root / "link").unlink()
            (root / "link").symlink_to("data/deep/one")  # which holds the same
        assert loaded() == {name for name, (_, change) in ASKED.items() if change in changes}
    assert loaded() == set()


def test_no_change_that_matters(loaded: Callable[..., bool], tmp_path: Path) -> None:
    write(tmp_path / "repo", {"other.py": "x = 1\n", "flows/helper.py": FILES["flows/helper.py"]})
    assert not loaded()
    assert not loaded("--check")


def test_options_and_variables(loaded: Callable[..., bool]) -> None:
    assert loaded("--missing-imports", "stub")
    assert loaded(EXTRA="x")
    assert not loaded(EXTRA="x")
    assert not loaded(EXTRA="x", SHLVL="7", TERM="dumb")
    assert loaded("--no-cache", EXTRA="x")
    assert loaded()
    assert loaded(METAFLOW_DEFAULT_ENVIRONMENT="local")


DAMAGE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no_key": lambda entry: entry.pop("digest"),
    "other_type": lambda entry: entry.update(files=["a"]),
    "other_state": lambda entry: entry.update(imports={"a": 1}),
    "unknown_key": lambda entry: entry.update(more=1),
    "no_deployment": lambda entry: entry.update(deployment={"flow": "F"}),
    "odd_deployment": lambda entry: entry["deployment"].update(name=3),
}


def test_broken_memory(loaded: Callable[..., bool], tmp_path: Path) -> None:
    (path,) = (tmp_path / "cache").iterdir()
    for damage in DAMAGE.values():
        document = json.loads(path.read_text())
        (entry,) = document["entries"].values()
        damage(entry)
        path.write_text(json.dumps(document))
        assert loaded()
    path.write_text("{")
    assert loaded()
    assert not loaded()


def test_memory_is_private_and_forgets(loaded: Callable[..., bool], tmp_path: Path) -> None:
    (path,) = (tmp_path / "cache").iterdir()
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    assert sha256(str(tmp_path / "seen").encode()).hexdigest() not in path.read_text()
    (tmp_path / "repo/flows/a.py").rename(tmp_path / "repo/flows/b.py")
    assert loaded()
    (key,) = json.loads(path.read_text())["entries"]
    assert "b.py" in key


def test_note_is_remembered(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": ASKING.partition("if __name__")[0]})
    for status in ("1 converted", "1 unchanged"):
        result = mfp(tmp_path, "convert-all")
        assert status in result.stderr
        assert "The file starts no flow. End the file with" in result.stderr


def test_failure_is_never_remembered(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "1 / 0\n" + FLOW})
    for _ in range(2):
        assert mfp(tmp_path, "convert-all").returncode == 3
