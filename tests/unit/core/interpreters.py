"""Other Python interpreters of this machine, for what must not depend on the version."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.run import LIMIT

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "packages/metaflow-prefect/src"
OLDEST_AND_NEWEST = ("3.10", "3.13")


def interpreter(version: str) -> str:
    """The path of a Python of that version; skips the test if there is none that runs."""
    found = [shutil.which(f"python{version}")]
    if root := os.environ.get("PYENV_ROOT"):
        found += map(str, sorted(Path(root, "versions").glob(f"{version}.*/bin/python")))
    for path in found:
        if path and works(
            path, f"import sys; assert sys.version_info[:2] == {version_tuple(version)}"
        ):
            return path
    pytest.skip(f"no Python {version} is installed, neither on PATH nor by pyenv")


def version_tuple(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def works(path: str, code: str) -> bool:
    """Whether an interpreter runs a piece of code; pyenv's shims exist but may refuse."""
    ended = subprocess.run([path, "-c", code], capture_output=True, check=False, timeout=LIMIT)
    return ended.returncode == 0


def run_python(path: str, code: str, *arguments: str, env: dict[str, str] | None = None) -> str:
    """What a program prints that sees our package's source and nothing else that is ours."""
    ended = subprocess.run(
        [path, "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{code}", *arguments],
        capture_output=True,
        check=False,
        timeout=LIMIT,
        env={**clean_environment(), **(env or {})},
    )
    assert ended.returncode == 0, ended.stderr.decode(errors="replace")
    return ended.stdout.decode()


def clean_environment() -> dict[str, str]:
    return {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "PYTEST"))}
