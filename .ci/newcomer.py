"""Do what a newcomer does in an environment made from nothing, until a schedule has fired.

    python .ci/newcomer.py newest     with what pip takes by itself
    python .ci/newcomer.py shipped    with the constraints that the action has
    python .ci/newcomer.py oldest     with what the environment of that name in hatch.toml has

It installs both packages of this checkout, starts a server and a worker, deploys a flow that is due
every minute, and waits for a run of it that was not started by anybody.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli

ROOT = Path(__file__).resolve().parent.parent
SHOWN = ("metaflow", "prefect", "fastapi", "starlette", "sqlalchemy")
LIMIT = 300  # seconds for the server to answer, and for the schedule to fire
FLOW = """\
from metaflow import FlowSpec, schedule, step


@schedule(cron="* * * * ? *")
class TickFlow(FlowSpec):
    @step
    def start(self):
        self.parts = [1, 2]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        print("the end")


if __name__ == "__main__":
    TickFlow()
"""


class Newcomer:
    """An environment with both packages, and a folder to work in."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "venv" / "bin"
        self.work = folder / "work"
        self.work.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self.api = f"http://127.0.0.1:{self.port}/api"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("METAFLOW_", "PREFECT_", "PYTHON", "VIRTUAL_ENV"))
        }
        self.variables = kept | {
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "METAFLOW_USER": "newcomer",
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }

    def run(self, *command: str | Path) -> str:
        """Run a command and give what it prints."""
        done = subprocess.run(
            command,
            cwd=self.work,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}")
        return done.stdout

    @contextmanager
    def running(self, name: str, *command: str) -> Iterator[Path]:
        """Have a command run meanwhile, and give the file that it writes to."""
        log = self.work / f"{name}.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                command,
                cwd=self.work,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            ) as process,
        ):
            try:
                yield log
            finally:
                process.terminate()
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()

    def ask(self, path: str, question: dict[str, Any] | None = None) -> Any:
        """Ask the server."""
        body = None if question is None else json.dumps(question).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.api}{path}", body, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  (our loopback)
            return json.load(answer)


def wait(log: Path, what: str, look: Callable[[], bool]) -> None:
    """Wait until something is so.

    Args:
        log: What to show if it does not become so.
        what: What is waited for.
        look: Whether it is so.
    """
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            if look():
                return
        except (urllib.error.URLError, OSError):
            pass  # the server does not listen yet
        time.sleep(0.5)
    raise SystemExit(f"{what}: not after {LIMIT} s\n{log.read_text(errors='replace')}")


def walk(newcomer: Newcomer) -> None:
    """Deploy a flow, and wait for its schedule to fire."""
    (newcomer.work / "tick.py").write_text(FLOW)
    with newcomer.running("server", "prefect", "server", "start", "--port", newcomer.port) as log:
        wait(log, "the server answers", lambda: newcomer.ask("/health") is True)
        newcomer.run("prefect", "work-pool", "create", "default", "--type", "process")
        newcomer.run("mfp", "doctor")
        newcomer.run("python", "tick.py", "prefect", "create")
        with newcomer.running("worker", "prefect", "worker", "start", "--pool", "default") as said:
            done = {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}

            def fired() -> bool:
                runs = newcomer.ask("/flow_runs/filter", {"flow_runs": done})
                if any(run["state_type"] != "COMPLETED" for run in runs):
                    raise SystemExit(f"the run failed\n{said.read_text(errors='replace')}")
                return any(run["auto_scheduled"] for run in runs)

            wait(said, "the schedule fires", fired)


def main(which: str) -> int:
    """Install, walk, and say with which versions it went well."""
    hatch = tomli.loads((ROOT / "hatch.toml").read_text())
    requirements = {
        "newest": [],
        "shipped": ["--constraint", str(ROOT / "action" / "constraints.txt")],
        "oldest": hatch["envs"]["oldest"]["extra-dependencies"],
    }[which]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        newcomer = Newcomer(folder)
        packages = [str(ROOT / "packages" / one) for one in ("metaflow-prefect", "mfp")]
        python = str(newcomer.bin / "python")
        newcomer.run(python, "-m", "pip", "install", "--quiet", *packages, *requirements)
        # Not by pip, whose warnings would stand beside the answer.
        ask = "import sys, importlib.metadata as m; print(*map(m.version, sys.argv[1:]))"
        versions = dict(zip(SHOWN, newcomer.run(python, "-c", ask, *SHOWN).split(), strict=True))
        walk(newcomer)
        found = ", ".join(f"{one} {versions[one]}" for one in SHOWN)
        print(f"{which}: a schedule has fired with {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
