"""Runs a case natively or through Prefect, in a fresh folder that holds what it needs."""

import shlex
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from os import environ, getpid, killpg, pathsep
from pathlib import Path

from metaflow_prefect.model import Runtime
from metaflow_prefect.runtime.host.warm import TEMPLATE_VARIABLE

from support import warm, warm_commands
from support.case import Case

FLOWS = Path(__file__).resolve().parent.parent / "flows"
USER = "tester"
ENGINE = f"{shlex.quote(sys.executable)} -m prefect.engine"
LIMIT = 900  # seconds until anything is taken for hung, also on a machine that is very busy
# Of the requests of many tests at once SQLite refuses some, and some again: in one of a few runs of
# all tests once more than Prefect's clients ask by default.
RETRIES = 7
FOR_PREFECT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLIENT_MAX_RETRIES": str(RETRIES),
}
# Whether processes may be forked that have imported most already, for which it takes Linux.
use_warm = sys.platform == "linux"

# Settings of whoever runs the tests must reach neither run.
_FOREIGN = ("METAFLOW_", "PREFECT_", "PYTEST_", "PYTHON", "COVERAGE_", "MF_", "TESTS_")

_PREFECT = (
    *("prefect.flow_engine", "prefect.task_engine", "prefect.transactions"),
    *("prefect.utilities.visualization", "prefect.client.orchestration"),
    *("anyio._backends._asyncio", "coolname.data", "encodings.idna", "pydantic.v1"),
    *("rich._emoji_codes", "metaflow_prefect.runtime.flow_run.command"),
)
_LOAD = "support.warm:load_embedded"
_EMBEDDED = "metaflow_prefect.generate.embed:embedded_runtime"
_MFP = (
    *("mfp.commands.convert_all", "mfp.convert.repository", "mfp.convert.loading.pool"),
    *("mfp.convert.report", "mfp.deploy.prefect_yaml.file", "mfp.convert.attributes"),
    *("mfp.cli", "mfp.convert.loading.child:warm_up", "mfp.convert.memory.cache:_adapter"),
    *("mfp.commands.ending", "mfp.commands.action", "mfp.action.convert", "mfp.action.summary"),
    "ruamel.yaml.mergevalue",
)
# What warm processes import, by what they run: a file made from a flow; a worker of Prefect's with
# what it starts; a flow, or a look at a run; mfp; and a command of mfp that talks to Prefect. Not
# `metaflow.cli`, `commands.trigger` and `commands.local`: these take the options of the flow when
# they are imported. `warm_hosts` forks, so it comes before Prefect, which has threads.
_MODULES = {
    "prefect": ("support.warm_hosts:start", *_PREFECT, _LOAD),
    "worker": (*_PREFECT, _LOAD, "prefect.cli.worker", "prefect.workers.process"),
    "flow": (
        *_PREFECT,
        *("metaflow.runtime", "metaflow.client", "metaflow.plugins.cards.card_client"),
        *("metaflow_prefect.commands.create", "metaflow_prefect.commands.deployments"),
        *("metaflow_prefect.commands.runs", "metaflow_prefect.generate.run_once"),
        *("metaflow_prefect.deploy.runs", "prefect.utilities.schema_tools", _EMBEDDED),
    ),
    "mfp": _MFP,
    "mfp and prefect": (*_MFP, *_PREFECT, "mfp.deploy.server", "mfp.doctor"),
}
FEW = 2  # commands in an environment of their own, for which a process is not worth its start
_asked: Counter[str] = Counter()
# What forks for this process alone, by kind, and for which environment.
_own: dict[str, tuple[str, warm_commands.Server]] = {}
_ASK_PREFECT = {"deploy", "doctor", "--deployed"}


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a command left behind.

    Attributes:
        case: The case that was run.
        folder: The folder it ran in, which holds `.metaflow`.
        code: The exit code; that of `prefect create` if that command failed.
        stdout: What the command printed, of `prefect create` only if that command failed.
        stderr: The same of the other stream.
        run_id: The Metaflow run's id, None if no run began.
        created: Whether the Prefect file was written; True for a native run.
    """

    case: Case
    folder: Path
    code: int
    stdout: str
    stderr: str
    run_id: str | None
    created: bool = True


def native(case: Case, folder: Path) -> Result:
    """Run the case as `python flow.py run` in `folder`, which must not exist or be empty."""
    fill(case, folder)
    command = [sys.executable, *_program(case), *case.top, "run", *_run_options(case)]
    return _result(case, folder, _execute(command, folder, environment(case, folder)))


def prefect(
    case: Case,
    folder: Path,
    api_url: str,
    launcher: str | None = None,
    runtime: Runtime = "embedded",
) -> Result:
    """Make the Prefect file in `folder`, then run it against the server at `api_url`.

    Args:
        case: What to run.
        folder: Where; must not exist or be empty.
        api_url: What PREFECT_API_URL is set to.
        launcher: How steps are started, None for the default; "template" has a process that has run
            the flow's file fork all of them.
        runtime: Whether the file holds the runtime or imports it.
    """
    fill(case, folder)
    variables = environment(case, folder) | {
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(folder / ".prefect"),
        **FOR_PREFECT,
    }
    if launcher == "template":
        variables[TEMPLATE_VARIABLE] = "1"
    elif launcher is not None:
        variables["METAFLOW_PREFECT_LAUNCHER"] = launcher
    out = f"{Path(case.file).stem.replace('-', '_').replace('.', '_')}_prefect.py"
    create = [*case.top, "prefect", "create", out, f"--runtime={runtime}"]
    done = python(*_program(case), *create, folder=folder, variables=variables)
    if done.returncode:
        return _result(case, folder, done, created=False)
    done = python(out, *_run_options(case), folder=folder, variables=variables)
    return _result(case, folder, done)


def python(
    *words: str, folder: Path, variables: Mapping[str, str], limit: float = LIMIT
) -> subprocess.CompletedProcess[str]:
    """Run Python to its end, in a warm process if that is allowed and the same.

    Args:
        words: A script, `-c` and code, or `-m` and a module; then arguments.
        folder: Where it runs.
        variables: Its environment.
        limit: After how many seconds it is taken for hung, and killed.

    Raises:
        subprocess.TimeoutExpired: It did not end in time.
    """
    given = warm.read_at_import(variables)
    if use_warm and (process := _warm(_kind(words, folder), given)):
        return process.run(*words, folder=folder, variables=variables, limit=limit)
    return _execute([sys.executable, *words], folder, variables, limit)


def _kind(words: Sequence[str], folder: Path) -> str:
    """Which of the `_MODULES` a command needs."""
    if words[:2] == ("-m", "mfp"):
        return "mfp and prefect" if _ASK_PREFECT.intersection(words) else "mfp"
    path = folder / words[0]
    made = path.is_file() and b"def metaflow_flow() -> " in path.read_bytes()
    return "prefect" if made else "flow"


def _warm(kind: str, given: Mapping[str, str]) -> warm_commands.Server | None:
    """The process that forks commands of a kind, if it pays to have one.

    Args:
        kind: Which of the `_MODULES` they need.
        given: What their environment holds that imports read.
    """
    if not given:
        return _shared(kind)
    key = f"{kind} {sorted(given.items())}"
    _asked[key] += 1
    if _asked[key] <= FEW:
        return None
    made = _own.get(kind)
    if made is None or made[0] != key:
        if made is not None:
            made[1].end()
        variables = {**_environment(), **given}
        server = warm_commands.start(f"{kind}-{getpid()}", _MODULES[kind], variables)
        made = _own[kind] = (key, server)
    return made[1]


@cache
def _shared(kind: str) -> warm_commands.Server:
    return warm_commands.start(kind, _MODULES[kind], _environment())


def prefect_python() -> str:
    """What runs Python for a worker of Prefect's."""
    return _shared("worker").python if use_warm else shlex.quote(sys.executable)


def engine_command() -> str:
    """The command by which a worker of Prefect's starts the process of a flow run."""
    return f"{prefect_python()} -m prefect.engine"


def warm_children() -> dict[str, str]:
    """The variable that has warm processes run also the Python commands that a command starts."""
    return {warm.CHILDREN: _shared("flow").python} if use_warm else {}


def mfp_python() -> str:
    """What runs Python for others than the tests, mostly for `mfp`."""
    return _shared("mfp").python if use_warm else shlex.quote(sys.executable)


def fill(case: Case, folder: Path) -> None:
    """Copy the flow file and what it needs into `folder`."""
    # Metaflow takes the `.metaflow` of a folder above if there is none here
    (folder / ".metaflow").mkdir(parents=True, exist_ok=True)
    if case.source is not None:
        (folder / case.file).write_text(case.source, encoding="utf-8")
    for name in (*([case.file] if case.source is None else ()), *case.needs):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (FLOWS / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".metaflow")
            shutil.copytree(FLOWS / name, target, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copyfile(FLOWS / name, target)


def environment(case: Case, folder: Path) -> dict[str, str]:
    """The variables of a run: those of this process without foreign settings, and the case's."""
    home = {"METAFLOW_HOME": str(folder / ".metaflowconfig")}
    return _environment() | home | dict(case.env)


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(_FOREIGN) and name != "SUDO_USER"
    }
    # @parallel starts its nodes with the `python` that is found first, as in an active venv
    kept["PATH"] = str(Path(sys.executable).parent) + pathsep + kept.get("PATH", "")
    cache = warm_commands.session_folder() / "cache"  # of the runtimes of generated files
    return kept | {"METAFLOW_USER": USER, "XDG_CACHE_HOME": str(cache)}


def _program(case: Case) -> list[str]:
    return ["-m", case.module] if case.module else [case.file]


def _run_options(case: Case) -> list[str]:
    return ["--run-id-file", "run_id.txt", "--max-workers", str(case.workers), *case.args]


def _execute(
    command: list[str], folder: Path, variables: Mapping[str, str], limit: float = LIMIT
) -> subprocess.CompletedProcess[str]:
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=limit)
        except BaseException:
            killpg(process.pid, signal.SIGKILL)  # its steps with it
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _result(
    case: Case,
    folder: Path,
    done: subprocess.CompletedProcess[str],
    *,
    created: bool = True,
) -> Result:
    written = folder / "run_id.txt"
    return Result(
        case=case,
        folder=folder,
        code=done.returncode,
        stdout=done.stdout,
        stderr=done.stderr,
        run_id=written.read_text(encoding="utf-8").strip() if written.exists() else None,
        created=created,
    )
