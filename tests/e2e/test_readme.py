"""What README.md tells a reader to do works, in the order in which it stands there.

Every block fenced as ```bash is run, in one temporary folder. A comment in the line before a
fence says what else holds for the block:

    <!-- file: NAME -->        the block is the content of a file, which is written
    <!-- output -->            what the command before prints holds each line of the block
    <!-- not run: REASON -->   the block cannot be run here
    <!-- test command: … -->   the same, and `.ci/run` runs it
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomli
from support.run import python

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TIME_LIMIT = 600  # seconds; the first start of Prefect's server is slow on a busy machine


@dataclass(frozen=True)
class Block:
    """A fenced block of the README."""

    note: str
    language: str
    text: str

    @property
    def is_left_out(self) -> bool:
        """Whether a test cannot run it."""
        return self.note.startswith(("not run: ", "test command"))


def blocks(text: str = README) -> Iterator[Block]:
    for found in BLOCK.finditer(text):
        yield Block(found["note"] or "", found["language"], found["text"])


def environment(home: Path) -> dict[str, str]:
    """The variables of a newcomer's shell: no settings of Metaflow's or Prefect's but a user."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("METAFLOW_", "PREFECT_", "PYTEST_"))
    }
    return {
        **kept,
        "METAFLOW_USER": "reader",
        "METAFLOW_HOME": str(home / "metaflow"),
        "PREFECT_HOME": str(home / "prefect"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }


def run(command: str, folder: Path, home: Path) -> str:
    """Run a command in a shell.

    Args:
        command: What to paste into it.
        folder: Where to run it.
        home: Where Metaflow and Prefect find their settings.

    Returns:
        What it printed.
    """
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}"
    return ended.stdout


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_blocks_say_what_they_are(document: Path) -> None:
    text = document.read_text()
    fences = re.findall(r"^```", text, re.MULTILINE)
    assert len(fences) == 2 * len(list(blocks(text)))
    for block in blocks(text):
        assert block.is_left_out or document.name == "README.md", "only its blocks are run"
        assert block.language in {"bash", "python", "text"}, block
        known = block.is_left_out or block.note == "output" or block.note.startswith("file: ")
        assert known or not block.note, block


@pytest.mark.server  # a Prefect server of its own
def test_first_use_works_as_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    printed = ""
    for block in blocks():
        if block.is_left_out:
            continue
        if block.note.startswith("file: "):
            (folder / block.note.removeprefix("file: ")).write_text(block.text)
        elif block.note == "output":
            missing = [line for line in block.text.splitlines() if line.strip() not in printed]
            assert not missing, printed
        elif block.language == "bash":
            printed = run(block.text, folder, tmp_path)


@pytest.mark.server  # a Prefect server of its own
def test_demo_works_and_leaves_the_checkout_clean(tmp_path: Path) -> None:
    """`hatch run demo` runs these commands; here they run in a copy of what is in git."""
    copy = tmp_path / "check out"  # with a space, as in some people's folders
    shutil.copytree(
        ROOT / "examples", copy / "examples", ignore=shutil.ignore_patterns("*_prefect.py", ".*")
    )
    shutil.copy(ROOT / ".gitignore", copy)
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=copy, check=True)
    before = git_status(copy)
    scripts = tomli.loads((ROOT / "hatch.toml").read_text())["envs"]["default"]["scripts"]
    create, start = (command.replace("{root}", str(copy)) for command in scripts["demo"])
    run(create, copy, tmp_path)
    run(create, copy, tmp_path)  # once more, over the file that is there now
    assert "best: naive Bayes" in run(start, copy, tmp_path)
    assert git_status(copy) == before


def git_status(folder: Path) -> str:
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_documented_options_are_those_of_a_generated_file(tmp_path: Path) -> None:
    flow = ROOT / "examples" / "parameters.py"
    shutil.copy(flow, tmp_path)
    variables = environment(tmp_path)
    create = ("parameters.py", "prefect", "create", "parameters_prefect.py")
    assert python(*create, folder=tmp_path, variables=variables).returncode == 0
    helped = python("parameters_prefect.py", "--help", folder=tmp_path, variables=variables)
    assert helped.returncode == 0
    parameters = {"--who", "--count", "--shout", "--closing-marks"}
    offered = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", helped.stdout)) - {"--help"}
    text = (ROOT / "docs" / "running.md").read_text()
    options = text.partition("\n## Options\n")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `(--[a-z-]+)", options, re.MULTILINE))
    assert parameters <= offered
    assert offered - parameters == documented


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = (document.parent / path) if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


def anchors(text: str) -> set[str]:
    """The names by which GitHub links to headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
