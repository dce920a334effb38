"""Runs Python in processes that have imported what most of them import, and saves the time.

A process imports some modules, then forks for each command. What a command does there is not quite
what it does in a process of its own: its imports are done. So this is for what commands say and
leave behind. How they start and end is tested with processes of their own; and each test takes them
once in a month, as does everything with `--thorough`.
"""

import atexit
import gc
import json
import os
import runpy
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, suppress
from importlib import import_module, reload
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from warnings import catch_warnings

from metaflow_prefect.runtime.host.script import code_of_ending, end_script

_TESTS = str(Path(__file__).resolve().parent.parent)
START = f"import sys; sys.path.insert(0, {_TESTS!r}); from support.warm import serve; serve()"
# How the variables begin that a module reads when it is imported, or Python when it starts ...
_READ_AT_IMPORT = {"METAFLOW_": "metaflow", "PREFECT_": "prefect", "PYTHON": "sys"}
# ... but for these, which are read when they are needed, or in `become`.
_READ_LATER = (
    *("METAFLOW_USER", "METAFLOW_HOME", "METAFLOW_RUN_", "METAFLOW_PREFECT_"),
    *("PREFECT_API_URL", "PREFECT_CLIENT_", "PREFECT_HOME", "PREFECT_SERVER_ANALYTICS_ENABLED"),
    *("PREFECT__", "PREFECT_WORKER_QUERY_SECONDS", "PREFECT_SERVER_EPHEMERAL_ENABLED"),
)
# In a command's folder, Prefect's settings may be in these.
_SETTINGS = (".env", "prefect.toml", "pyproject.toml")
_kept: tuple[Any, Any] | None = None  # what settings depend on, and the settings
# In the environment of a command: what is to run the Python commands that it starts itself.
CHILDREN = "TESTS_PYTHON_OF_CHILDREN"
# Looks at the command line when Metaflow imports it.
_AT_IMPORT = "metaflow_extensions.prefect.plugins.mfextinit_prefect"


class Warm:
    """A process that forks.

    Args:
        modules: What it imports; and what it calls then, as "module:function".
        variables: Its environment, which counts for what these read when they are imported.
    """

    def __init__(self, modules: Sequence[str], variables: Mapping[str, str]) -> None:
        self._lock = Lock()
        self._said = ""
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, *modules],
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(self.end)

    def end(self) -> None:
        """End the process."""
        atexit.unregister(self.end)
        self._process.communicate()

    def run(
        self, *words: str, folder: Path, variables: Mapping[str, str], limit: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `python WORDS` in a folder, in a session of its own.

        Args:
            words: A script, `-c` and code, or `-m` and a module; then arguments.
            folder: Where it runs.
            variables: Its environment.
            limit: After how many seconds it is taken for hung, and killed.

        Raises:
            subprocess.TimeoutExpired: It did not end in time.
        """
        with self._lock, TemporaryDirectory() as name:
            outputs = [Path(name, stream) for stream in ("stdout", "stderr")]
            request = words, str(folder), dict(variables), list(map(str, outputs))
            pid = int(self._ask(json.dumps(request), limit))
            try:
                code = int(self._ask("", limit))
            except BaseException:
                os.killpg(pid, signal.SIGKILL)  # its steps with it
                self._ask("", limit)
                raise
            out, err = (path.read_text(encoding="utf-8", errors="replace") for path in outputs)
        return subprocess.CompletedProcess(words, code, out, err)

    def _ask(self, line: str, limit: float) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            print(line, file=self._process.stdin, flush=True)
        # Not by `readline`, which takes in further lines, of which `select` then knows nothing.
        end = time.monotonic() + limit
        while "\n" not in self._said:
            left = max(0.0, end - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                raise subprocess.TimeoutExpired(self._process.args, limit)
            if not (read := os.read(self._process.stdout.fileno(), 1 << 12)):
                raise RuntimeError(f"the warm process ended with {self._process.wait()}")
            self._said += read.decode()
        answer, _, self._said = self._said.partition("\n")
        return answer


def read_at_import(variables: Mapping[str, str]) -> dict[str, str]:
    """Those variables of an environment that change what imports leave."""
    return {
        name: value
        for name, value in variables.items()
        if name.startswith(tuple(_READ_AT_IMPORT)) and not name.startswith(_READ_LATER)
    }


def needs_new(variables: Mapping[str, str]) -> bool:
    """Whether an environment changes what imports would have left in this process."""
    imported = tuple(start for start, name in _READ_AT_IMPORT.items() if name in sys.modules)
    return any(name.startswith(imported) for name in read_at_import(variables))


def load_embedded() -> None:
    """Load the runtime that generated files hold, so that it is there for each of them."""
    from metaflow_prefect.generate.embed import embedded_runtime
    from metaflow_prefect.runtime.loader import load_runtime

    embedded = embedded_runtime()
    load_runtime(__name__, embedded.metaflow_side, embedded.prefect_side)


def serve() -> None:
    """Import the modules that the command line names; then run each command that is asked for."""
    del sys.path[0]  # the folder of the tests
    for name in sys.argv[1:]:
        module, _, function = name.partition(":")
        found = import_module(module)
        if function:
            getattr(found, function)()
    gc.freeze()
    while line := sys.stdin.readline():
        words, folder, variables, outputs = json.loads(line)
        with suppress(ValueError, OSError):  # which the command meets, too
            find_settings(folder, variables)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            _take_streams(outputs)
            become(folder, variables)
            # The interpreter would take apart all modules, which costs more than most commands.
            end_script(exit_code_of(words))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _take_streams(outputs: Sequence[str]) -> None:
    files = [os.open(os.devnull, os.O_RDONLY)]
    files += [os.open(path, os.O_WRONLY | os.O_CREAT) for path in outputs]
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)


def become(folder: str, variables: Mapping[str, str]) -> None:
    """Give a forked process the folder and the environment of a command."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    if not any(variables.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG")):
        os.environ["LC_CTYPE"] = "C.UTF-8"  # as Python does when it starts (PEP 538)
    tempfile.tempdir = None  # to be found in the environment
    if config := sys.modules.get("metaflow.metaflow_config"):
        vars(config)["USER"] = config.from_conf("USER")
    if context := sys.modules.get("prefect.context"):
        if settings := find_settings(folder, variables):
            vars(context)["GLOBAL_SETTINGS_CONTEXT"] = settings
        elif any(name.startswith("PREFECT_") for name in variables):
            context.refresh_global_settings_context()
    if CHILDREN in variables:
        subprocess.Popen = _Popen  # type: ignore[misc]


class _Popen(subprocess.Popen[Any]):
    def __init__(self, args: Any, *others: Any, **settings: Any) -> None:
        if isinstance(args, list) and args[0] == sys.executable:
            args = [*shlex.split(os.environ[CHILDREN]), *args[1:]]
        super().__init__(args, *others, **settings)


def find_settings(folder: str, variables: Mapping[str, str]) -> Any:
    """Return Prefect's settings for a command; None where it has not been imported, or is not used.

    To find them takes longer than to fork, so the last ones are kept, for commands that have the
    same, unless there was something to be said about them.
    """
    global _kept  # noqa: PLW0603 - there is one process of this kind
    context = sys.modules.get("prefect.context")
    chosen = {name: text for name, text in variables.items() if name.startswith("PREFECT_")}
    # A command that knows nothing of Prefect's does not import it, and so does not make its home.
    if context is None or not chosen:
        return None
    home = Path(chosen.get("PREFECT_HOME") or Path(variables.get("HOME", ""), ".prefect"))
    profiles = chosen.get("PREFECT_PROFILES_PATH") or home / "profiles.toml"
    paths = (*(Path(folder, name) for name in _SETTINGS), Path(profiles))
    texts = [path.read_bytes() if path.exists() else None for path in paths]
    key = (folder, variables.get("HOME"), chosen, texts, home.exists())
    if _kept and _kept[0] == key:
        return _kept[1]
    place, before = Path.cwd(), dict(os.environ)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    try:
        with catch_warnings(record=True) as warned, redirect_stderr(StringIO()) as said:
            found = context.root_settings_context()
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(place)
    if warned or said.getvalue():
        return None
    _kept = ((*key[:-1], home.exists()), found)
    return found


def exit_code_of(words: Sequence[str]) -> int:
    """Run a command as the interpreter does; minus a signal's number is what it is to die of."""
    try:
        _run(words)
    except SystemExit as ending:
        return code_of_ending(ending)
    except BaseException as error:  # noqa: BLE001 - whatever it is
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.excepthook(type(error), error, trace)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _run(words: Sequence[str]) -> None:
    sys.orig_argv[:] = [sys.executable, *words]
    main = sys.modules["__main__"]  # the real one: Metaflow leaves there what it pickles against
    for name in ("sys", "serve"):
        main.__dict__.pop(name, None)
    if "prefect" in words[1:] and (ours := sys.modules.get(_AT_IMPORT)):
        sys.argv[:] = words
        reload(ours)
    isolated = words[0] == "-I"
    if isolated:
        words = words[1:]
        del sys.path[0]
    if words[0] == "-m":
        sys.argv[:] = words[1:]
        if not isolated:
            sys.path[0] = str(Path.cwd())
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        return
    if words[0] == "-c":
        sys.argv[:] = ["-c", *words[2:]]
        sys.path[0] = ""
        source: str | bytes = words[1]
        name = "<string>"
    else:
        sys.argv[:] = words
        name = main.__dict__["__file__"] = str(Path.cwd() / words[0])  # as Python does
        sys.path[0] = str(Path(name).resolve().parent)
        source = Path(name).read_bytes()
    code = compile(source, name, "exec", dont_inherit=True)
    exec(code, main.__dict__)  # noqa: S102 - that is what this is for
