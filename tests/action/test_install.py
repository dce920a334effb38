"""What the action installs, and where."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from action_case import ACTION, ROOT, flow, make_case
from runner.machine import Call
from runner.steps import run_action

PACKAGES = [str(ACTION / ".." / "packages" / name) for name in ("metaflow-prefect", "mfp")]
OPTIONS = ["install", "--disable-pip-version-check", "--quiet"]
# Makes an environment that has the libraries of this one.
WITH_LIBRARIES = """#!/bin/sh
"{real}" "$@"
for folder in "$4"/lib/python3*/site-packages; do echo "{libraries}" > "$folder/libraries.pth"; done
"""


def test_packages_of_the_checkout_and_requirements(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    assert case.act(requirements="requirements.txt\nmore; stuff.txt").success
    wanted = ["-r", "requirements.txt", "-r", "more; stuff.txt"]
    assert case.installed == [*OPTIONS, *PACKAGES, *wanted]


def test_version_that_is_asked_for_or_stamped(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    assert case.act(version="9.8.7").success
    assert case.installed == [*OPTIONS, *(f"metaflow-prefect{it}==9.8.7" for it in ("", "-cli"))]
    stamped = tmp_path / "stamped"
    shutil.copytree(ACTION, stamped)
    (stamped / "VERSION").write_text("1.2.3\n")
    (case.folder / "pip").unlink()
    assert run_action(stamped, {}, case.machine()).success
    assert case.installed == [*OPTIONS, *(f"metaflow-prefect{it}==1.2.3" for it in ("", "-cli"))]


def test_python_of_the_path(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    run = case.act(python_version="")
    assert run.success
    assert run.step("Set up Python").outcome == "skipped"
    assert case.installed


def test_a_failed_installation_is_told(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    case.python.write_text("#!/bin/sh\necho no such version\nexit 1\n")
    run = case.act()
    assert run.step("Install mfp").outcome == "failure"
    assert run.step("Convert").outcome == "skipped"
    assert run.outputs["flow-count"] == ""
    assert "no such version" in run.text
    [told] = run.annotations
    assert "could not be installed" in told.message


def test_installed_for_real(tmp_path: Path) -> None:
    """With nothing standing in for Python; only the dependencies are there already."""
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
    run = run_action(ACTION, {"requirements": "requirements.txt"}, machine)
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
