"""What the action installs, and where."""

import os
import shutil
import subprocess
import sys
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
import tomli
import yaml
from action_case import ACTION, ROOT, flow
from action_case import make_case as make_any
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as canonical
from runner.machine import Call
from runner.steps import run_action

make_case = partial(make_any, installs=True)
PACKAGES = [str(ACTION / ".." / "packages" / name) for name in ("metaflow-prefect", "mfp")]
SHIPPED = ["-c", str(ACTION / "constraints.txt")]
OPTIONS = ["install", "--disable-pip-version-check", "--quiet"]
# Makes an environment that has the libraries of this one; pip is among them.
WITH_LIBRARIES = """#!/bin/sh
"{real}" "$@" --without-pip
for folder in "$4"/lib/python3*/site-packages; do echo "{libraries}" > "$folder/libraries.pth"; done
"""


def test_packages_of_the_checkout_and_requirements(tmp_path: Path) -> None:
    files = {"a.py": flow("AFlow"), "requirements.txt": "", "more; stuff.txt": "x\n"}
    case = make_case(tmp_path, files)
    assert case.act(requirements="requirements.txt\nmore; stuff.txt").success
    wanted = ["-r", "requirements.txt", "-r", "more; stuff.txt"]
    assert case.installed == [*OPTIONS, *PACKAGES, *wanted, *SHIPPED]


def test_constraints(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow"), "mine.txt": "numpy<3\n"})
    assert case.act(constraints="mine.txt").success
    assert case.installed[len(OPTIONS) :] == [*PACKAGES, "-c", "mine.txt"]
    (case.folder / "pip").unlink()
    assert case.act(constraints="none").success
    assert case.installed[len(OPTIONS) :] == PACKAGES


@pytest.mark.parametrize("name", ["constraints", "requirements"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    run = case.act(**{name: "no such.txt"})
    assert not run.success
    [told] = run.annotations
    assert told.message == f"The input {name} names no such.txt, which is not there."


def test_shipped_constraints_fit_the_packages() -> None:
    """They name one version of all that is installed, which our own bounds take."""
    lines = (ACTION / "constraints.txt").read_text().splitlines()
    found = [Requirement(line) for line in lines if not line.startswith("#")]
    assert all([it.operator for it in one.specifier] == ["=="] for one in found)
    for folder in ("metaflow-prefect", "mfp"):
        project = tomli.loads((ROOT / "packages" / folder / "pyproject.toml").read_text())
        for text in project["project"]["dependencies"]:
            needed = Requirement(text)
            pinned = [one for one in found if canonical(one.name) == canonical(needed.name)]
            assert pinned, text
            for one in pinned:
                [exact] = one.specifier
                assert needed.specifier.contains(exact.version), one


def test_what_pip_downloads_is_kept_by_what_is_installed(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow"), "r.txt": "numpy\n"})
    place = "Keep what pip has downloaded"
    first = case.act(requirements="r.txt")
    assert first.step(place).outcome == "success"
    assert case.act(requirements="r.txt").step(place).outcome == "skipped"
    [kept] = (case.folder / "cache").iterdir()
    assert (kept / "downloaded").exists()
    case.write({"r.txt": "numpy<3\n"})
    assert case.act(requirements="r.txt").step(place).outcome == "success"
    assert case.act(constraints="none").step(place).outcome == "success"
    off = case.act(constraints="none", cache="false")
    assert off.success
    assert off.step("Restore what pip has downloaded").outcome == "skipped"
    assert off.step(place).outcome == "skipped"


def test_cache_is_filled_before_any_flow_is_loaded() -> None:
    names = [
        one["name"] for one in yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"]
    ]
    assert names.index("Keep what pip has downloaded") < names.index("Convert")


def test_wheels_of_the_published_action_are_checked(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    published = tmp_path / "published"
    shutil.copytree(ACTION, published)
    wheels = published / "wheels"
    wheels.mkdir()
    names = [
        "metaflow_prefect-1.2.3-py3-none-any.whl",
        "metaflow_prefect_cli-1.2.3-py3-none-any.whl",
    ]
    for name in names:
        (wheels / name).write_text(name)
    sums = [f"{sha256(name.encode()).hexdigest()}  {name}\n" for name in names]
    (wheels / "SHA256SUMS").write_text("".join(sums))
    assert run_action(published, {}, case.machine()).success
    found = [*(str(wheels / name) for name in names), "-c", str(published / "constraints.txt")]
    assert case.installed == [*OPTIONS, *found]

    (case.folder / "pip").unlink()
    (wheels / names[0]).write_text("something else")
    run = run_action(published, {}, case.machine())
    assert not run.success
    assert run.annotations[0].message == "The wheels of the action are not those of its release."
    assert not (case.folder / "pip").exists()


def test_python_of_the_path(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    run = case.act(python_version="")
    assert run.success
    assert run.step("Set up Python").outcome == "skipped"
    assert case.installed


def test_a_failed_installation_is_told(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    text = case.python.read_text()
    case.python.write_text(text.replace("shift 2\n", "echo no such version; exit 1\n"))
    run = case.act()
    assert run.step("Install mfp").outcome == "failure"
    assert run.step("Convert").outcome == "skipped"
    assert run.outputs["flow-count"] == ""
    assert "no such version" in run.text
    [told] = run.annotations
    assert "could not be installed" in told.message
    assert "set the input constraints to" in told.message


@pytest.mark.on_days("even")  # test_packages has pip build the packages, too
def test_installed_for_real(tmp_path: Path) -> None:
    """With nothing standing in for Python; only pip and the dependencies are there already."""
    case = make_case(tmp_path, {"a.py": flow("AFlow"), "requirements.txt": "metaflow\n"})
    libraries = "\n".join(one for one in sys.path if one.endswith("site-packages"))
    python = tmp_path / "python"
    python.write_text(WITH_LIBRARIES.format(real=sys.executable, libraries=libraries))
    python.chmod(0o755)
    env = {
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way to say yes
    }

    def set_up_python(_: Call) -> dict[str, str]:
        return {"python-path": str(python)}

    machine = case.machine(env=env, stubs={"actions/setup-python": set_up_python})
    # What is installed here may be newer than what the action pins.
    given = {"requirements": "requirements.txt", "constraints": "none"}
    run = run_action(ACTION, given, machine)
    assert run.success, run.text
    assert case.files() == ["prefect_flows/a_prefect.py"]
    place = machine.temporary / "mfp" / "bin" / "python"
    found = subprocess.run(
        [
            place,
            "-c",
            "import mfp, metaflow_prefect; print(mfp.__file__, metaflow_prefect.__file__)",
        ],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(ROOT) not in found.stdout
    assert str(machine.temporary) in found.stdout
