"""What the packages, the workspace, the README and the workflow say about each other is true."""

import importlib.metadata
import json
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
import tomli
from metaflow_prefect.runtime.versions import METAFLOW_VERSIONS, PREFECT_VERSIONS
from mfp.doctor import BROKEN_BY
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"metaflow-prefect": "metaflow-prefect", "metaflow-prefect-cli": "mfp"}


def read_toml(path: str) -> dict[str, Any]:
    table: dict[str, Any] = tomli.loads((ROOT / path).read_text())
    return table


def project(folder: str) -> dict[str, Any]:
    table: dict[str, Any] = read_toml(f"packages/{folder}/pyproject.toml")["project"]
    return table


def requirements() -> list[Requirement]:
    return [
        Requirement(text)
        for folder in PACKAGES.values()
        for text in project(folder)["dependencies"]
    ]


def oldest() -> list[Requirement]:
    """What `hatch run oldest:test` installs."""
    return [
        Requirement(it) for it in read_toml("hatch.toml")["envs"]["oldest"]["extra-dependencies"]
    ]


def bounds(requirement: Requirement) -> set[str]:
    return {specifier.operator for specifier in requirement.specifier}


@pytest.mark.parametrize(
    "requirement", [pytest.param(item, id=item.name) for item in requirements()]
)
def test_dependency_has_a_lower_bound(requirement: Requirement) -> None:
    assert ">=" in bounds(requirement)


@pytest.mark.parametrize(
    ("name", "versions"), [("metaflow", METAFLOW_VERSIONS), ("prefect", PREFECT_VERSIONS)]
)
def test_supported_versions_are_said_once(name: str, versions: tuple[str, str | None]) -> None:
    first, end = versions
    [requirement] = [item for item in requirements() if item.name == name]
    assert requirement.specifier == SpecifierSet(f">={first}" + (f",<{end}" if end else ""))
    [tested] = [item for item in oldest() if item.name == name]
    [exact] = tested.specifier
    assert (exact.operator, Version(exact.version)) == ("==", Version(first))
    [said] = re.findall(r"^- Prefect .*", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert f"{name.capitalize()} {first}" in said


def test_prefect_bounds_its_own_dependencies() -> None:
    """Nobody's environment is refused because of us."""
    theirs = [it for it in requirements() if it.name in {"fastapi", "sqlalchemy", "starlette"}]
    # but for a Python for which there is only a Prefect that does not
    assert {str(item.marker) for item in theirs} == {'python_version < "3.11"'}
    unfit = {item.name: str(item.specifier) for item in oldest()}
    assert {name: unfit[name].removeprefix("<") for name in BROKEN_BY} == BROKEN_BY


def test_tools_have_both_bounds() -> None:
    tools = map(Requirement, read_toml("hatch.toml")["envs"]["default"]["dependencies"])
    assert [str(tool) for tool in tools if not {">=", "<"} <= bounds(tool)] == []


@pytest.mark.parametrize(("distribution", "folder"), PACKAGES.items())
def test_package_comes_from_this_checkout(distribution: str, folder: str) -> None:
    """The index has a package called metaflow-prefect that is not this one."""
    assert project(folder)["name"] == distribution
    origin = importlib.metadata.distribution(distribution).read_text("direct_url.json")
    assert origin is not None, "installed from an index"
    facts = json.loads(origin)
    assert facts["dir_info"]["editable"]
    assert Path(unquote(urlparse(facts["url"]).path)).resolve() == ROOT / "packages" / folder


def test_versions_agree() -> None:
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    assert len(set(versions.values())) == 1, versions


@pytest.mark.process
def test_nothing_installs_our_packages_by_name() -> None:
    """A stranger could register one name; the other is a different project's."""
    assert {item.name for item in requirements()}.isdisjoint(PACKAGES)
    listed = ["git", "ls-files", "-z", "*.md", "*.py", "*.toml", "*.yml", "*.sh", ".ci"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    texts = {name: (ROOT / name).read_text(errors="replace") for name in names.split("\0") if name}
    by_name = re.compile(
        r"(?:pip|pipx|uv|uvx)\b[^\n`]*?[\s'\"\[(]metaflow[-_]prefect(?:[-_]cli)?(?![\w/.-])"
    )
    found = [f"{name}: {it}" for name, text in texts.items() for it in by_name.findall(text)]
    assert found == []


def test_supported_pythons_agree() -> None:
    in_classifiers = {
        folder: re.findall(r"Python :: (3\.\d+)", "\n".join(project(folder)["classifiers"]))
        for folder in PACKAGES.values()
    }
    [matrix] = read_toml("hatch.toml")["envs"]["python"]["matrix"]
    workflow = (ROOT / ".github/workflows/test.yml").read_text()
    in_workflow = re.search(r"python: \[(.*)\]", workflow)
    assert in_workflow
    assert json.loads(f"[{in_workflow[1]}]") == matrix["python"]
    for folder, pythons in in_classifiers.items():
        assert pythons == matrix["python"]
        oldest = SpecifierSet(project(folder)["requires-python"])
        assert oldest == SpecifierSet(f">={matrix['python'][0]}")


@pytest.mark.process
def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = subprocess.run(
        ["bash", ".ci/run", "--test-command"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert command == "pip install hatch && hatch run test\n"
    assert f"```bash\n{command}```" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", ".github/workflows/test.yml"])
def test_hatch_commands_in_the_documents_exist(file: str) -> None:
    scripts = read_toml("hatch.toml")["envs"]["default"]["scripts"]
    named = re.findall(r"hatch run ([\w.]+)(?![\w:.])", (ROOT / file).read_text())
    assert named
    assert set(named) - set(scripts) - {"python"} == set()


@pytest.mark.parametrize("folder", PACKAGES.values())
def test_licence_is_the_same_everywhere(folder: str) -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert (ROOT / "packages" / folder / "LICENSE").read_text() == licence
