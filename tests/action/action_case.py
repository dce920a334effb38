"""A repository, and the action run on it."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.machine import Call, Machine, Stub, machine
from runner.steps import Run, run_action
from support import run

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / "action"
FLOWS = ROOT / "tests" / "flows"

INSTALLING = (
    *("Find the key of the cache", "Restore what pip has downloaded", "Install mfp"),
    "Keep what pip has downloaded",
)
STEPS = """
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
FLOW = (
    """\
from metaflow import FlowSpec, step


class {name}(FlowSpec):"""
    + STEPS
    + """

if __name__ == "__main__":
    {name}()
"""
)
BROKEN = "import os\n\n1 / 0\n\n" + FLOW.format(name="BrokenFlow")


def flow(name: str) -> str:
    """Write the smallest flow."""
    return FLOW.format(name=name)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A repository with the machine that its workflows run on.

    Attributes:
        folder: The folder of everything.
        repository: The repository.
        python: What stands in for the Python that actions/setup-python gives: it has everything
            installed already, and notes what pip was asked for.
        installs: Whether the action's steps up to the installation are run; otherwise each machine
            has what they leave.
    """

    folder: Path
    repository: Path
    python: Path
    installs: bool

    @property
    def installed(self) -> list[str]:
        """What pip was asked for."""
        return (self.folder / "pip").read_text(encoding="utf-8").splitlines()

    def machine(
        self,
        event: str = "push",
        env: Mapping[str, str] | None = None,
        stubs: Mapping[str, Stub] | None = None,
    ) -> Machine:
        """Give a machine with nothing of an earlier job on it, but the repository.

        Args:
            event: The name of the event that started the workflow.
            env: The environment of the job.
            stubs: What stands in for actions of others, besides that for Python.
        """
        number = len(list(self.folder.glob("machine-*")))
        temporary = self.folder / f"machine-{number}"
        temporary.mkdir()
        if not self.installs:
            programs = temporary / "mfp" / "bin"
            programs.mkdir(parents=True)
            for name in ("mfp", "python"):
                (programs / name).symlink_to(self.python)
        return machine(
            self.repository,
            temporary,
            path=f"{self.python.parent}:/usr/local/bin:/usr/bin:/bin",
            stubs={
                "actions/setup-python": self._set_up_python,
                "actions/cache/restore": self._restore,
                "actions/cache/save": self._save,
                **(stubs or {}),
            },
            actions={"npow/metaflow-prefect-action": ACTION},
            event=event,
            env=env,
            done=() if self.installs else INSTALLING,
        )

    def act(self, **inputs: str) -> Run:
        """Run the action; a `_` in an input's name is a `-`."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        return run_action(ACTION, given, self.machine())

    def write(self, files: Mapping[str, str]) -> None:
        """Write files of the repository."""
        for name, text in files.items():
            path = self.repository / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def files(self, pattern: str = "*_prefect.py") -> list[str]:
        """Give the paths of files, generated ones unless said otherwise."""
        found = self.repository.rglob(pattern)
        return sorted(path.relative_to(self.repository).as_posix() for path in found)

    def _restore(self, call: Call) -> dict[str, str]:
        kept = self.folder / "cache" / call.inputs["key"]
        if not kept.is_dir():
            return {"cache-hit": ""}
        shutil.copytree(kept, call.inputs["path"])
        return {"cache-hit": "true"}

    def _save(self, call: Call) -> dict[str, str]:
        if Path(call.inputs["path"]).is_dir():  # the action itself warns otherwise
            shutil.copytree(call.inputs["path"], self.folder / "cache" / call.inputs["key"])
        return {}

    def _set_up_python(self, call: Call) -> dict[str, str]:
        assert call.inputs == {"python-version": "3.12", "update-environment": "false"}
        return {"python-path": str(self.python)}


def make_case(folder: Path, files: Mapping[str, str], *, installs: bool = False) -> Case:
    """Make a repository.

    Args:
        folder: An empty folder.
        files: The repository's files.
        installs: Whether the action's steps up to the installation are run.

    Returns:
        The case.
    """
    repository = folder / "work space" / "flows"
    repository.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    python = folder / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(_python(folder), encoding="utf-8")
    python.chmod(0o755)
    case = Case(folder=folder, repository=repository, python=python, installs=installs)
    case.write(files)
    return case


def _python(folder: Path) -> str:
    python = run.mfp_python()
    script = shlex.quote(str(Path(sys.executable).with_name("mfp")))
    return f"""#!/bin/sh
if [ "${{0##*/}}" = mfp ]; then
  [ -z "${{PYTHONPATH+x}}" ] || exec {script} "$@"
  exec {f"{python} -I -m mfp" if run.use_warm else script} "$@"
fi
case "$1 $2 $3" in
  "-m venv "*)
    mkdir -p "$4/bin"
    ln -sf "$0" "$4/bin/python"
    ln -sf "$0" "$4/bin/mfp" ;;
  "-m pip "*)
    shift 2
    printf '%s\\n' "$@" >> {shlex.quote(str(folder / "pip"))}
    mkdir -p "$PIP_CACHE_DIR" && touch "$PIP_CACHE_DIR/downloaded" ;;
  *) exec {python} "$@" ;;
esac
"""
