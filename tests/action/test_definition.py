"""What the action's file says is safe, and what its README says of it is true."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from action_case import ACTION, ROOT
from mfp.__about__ import __version__

DEFINITION: dict[str, Any] = yaml.safe_load((ACTION / "action.yml").read_text())
STEPS: list[dict[str, Any]] = DEFINITION["runs"]["steps"]
SECRET = {"prefect-api-key", "prefect-api-auth-string", "prefect-api-url"}
FILES = [
    ACTION / "action.yml",
    *sorted((ROOT / "examples" / "workflows").glob("*.yml")),
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
]


def steps_of(path: Path) -> list[dict[str, Any]]:
    document = yaml.safe_load(path.read_text())
    if "runs" in document:
        return list(document["runs"]["steps"])
    return [step for job in document["jobs"].values() for step in job.get("steps", ())]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_expression_in_a_script(path: Path) -> None:
    for step in steps_of(path):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_actions_of_others_are_pinned_with_their_version(path: Path) -> None:
    for line in re.findall(r"uses: (.*)", path.read_text()):
        ours = line.startswith(("./", "npow/metaflow-prefect-action@"))
        assert ours or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", line), line


def test_secrets_reach_only_the_deploy_step() -> None:
    for step in STEPS:
        for value in step.get("env", {}).values():
            named = set(re.findall(r"inputs\.([\w-]+)", value)) & SECRET
            assert (
                not named
                or step["id"] == "deploy"
                or re.fullmatch(r"\$\{\{ inputs\.[\w-]+ != ''( \|\| env\.\w+ != '')? \}\}", value)
            )


def test_steps_are_short() -> None:
    assert all(step.get("run", "").count("\n") < 4 for step in STEPS)


def test_every_input_is_used() -> None:
    text = (ACTION / "action.yml").read_text().partition("\nruns:")[2]
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(DEFINITION["inputs"])


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_readme_lists_all(kind: str) -> None:
    text = (ACTION / "README.md").read_text()
    section = text.partition(f"\n## {kind.capitalize()}\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    expected = []
    for name, facts in DEFINITION[kind].items():
        default = facts.get("default")
        cells = [
            f"`{name}`",
            f"`{default}`" if default else "",
            " ".join(facts["description"].split()),
        ]
        expected.append(cells if kind == "inputs" else [cells[0], cells[2]])
    assert rows == expected


def test_readme_uses_only_what_there_is() -> None:
    for block in re.findall(r"```yaml\n(.*?)```", (ACTION / "README.md").read_text(), re.DOTALL):
        steps = yaml.safe_load(block)
        for step in steps:
            if step["uses"].startswith("npow/metaflow-prefect-action@"):
                assert set(step.get("with", {})) <= set(DEFINITION["inputs"])


def test_documents_name_the_action_by_its_version() -> None:
    """Documents name this version; the tag that moves with the newest is for who asks for it."""
    for path in (ACTION / "README.md", *(ROOT / "examples" / "workflows").glob("*.yml")):
        refs = re.findall(r"npow/metaflow-prefect(?:-action|/action)@([\w.]+)", path.read_text())
        assert set(refs) == {f"v{__version__}"}
    text = (ROOT / ".ci" / "publish_action").read_text()
    [followed] = re.findall(r"^followed=(\S+)", text, re.MULTILINE)
    assert f"`@{followed}`" in (ACTION / "README.md").read_text()
    assert f"refs/tags/{followed}" in (ROOT / ".github/workflows/release.yml").read_text()
