"""Runs Python scripts in processes that have imported what most of them import, and saves the time.

A process imports some modules, then forks for each script. What a script does there is not quite
what it does in a process of its own: its imports are done. So this is for comparisons of what
many flows leave behind; how a command starts and ends is tested with processes of its own, and so
is everything with `--thorough`.
"""

import atexit
import gc
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

_TESTS = str(Path(__file__).resolve().parent.parent)
_START = f"import sys; sys.path.insert(0, {_TESTS!r}); from support.warm import serve; serve()"
_READ_AT_IMPORT = ("METAFLOW_", "PREFECT_", "PYTHON")


class Warm:
    """A process that forks.

    Args:
        modules: What it imports.
        variables: Its environment, which counts for what these read when they are imported.
    """

    def __init__(self, modules: Sequence[str], variables: Mapping[str, str]) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *modules],
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(self.end)

    def end(self) -> None:
        """End the process."""
        self._process.communicate()

    def run(
        self,
        *words: str,
        folder: Path,
        variables: Mapping[str, str],
        limit: float,
        first: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run `python WORDS` in a folder, in a session of its own.

        Args:
            words: A script and its arguments.
            folder: Where it runs.
            variables: Its environment.
            limit: After how many seconds it is taken for hung, and killed.
            first: What its `sys.path` begins with, if not with the script's folder.

        Raises:
            subprocess.TimeoutExpired: It did not end in time.
        """
        with self._lock, TemporaryDirectory() as name:
            outputs = [Path(name, stream) for stream in ("stdout", "stderr")]
            request = words, first, str(folder), dict(variables), list(map(str, outputs))
            pid = int(self._ask(json.dumps(request), limit))
            try:
                code = int(self._ask("", limit))
            except BaseException:
                os.killpg(pid, signal.SIGKILL)  # its steps with it
                self._process.kill()
                raise
            out, err = (path.read_text(encoding="utf-8", errors="replace") for path in outputs)
        return subprocess.CompletedProcess(words, code, out, err)

    def _ask(self, line: str, limit: float) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            print(line, file=self._process.stdin, flush=True)
        if not select.select([self._process.stdout], [], [], limit)[0]:
            raise subprocess.TimeoutExpired(self._process.args, limit)
        return self._process.stdout.readline()


def fits(variables: Mapping[str, str]) -> bool:
    """Whether variables that a script is given besides the usual ones leave imports as they are."""
    return not any(name.startswith(_READ_AT_IMPORT) for name in variables)


def serve() -> None:
    """Import the modules that the command line names; then run each script that is asked for.

    In the process that is forked this returns when the script has ended.
    """
    del sys.path[0]  # the folder of the tests
    for name in sys.argv[1:]:
        import_module(name)
    gc.freeze()
    while line := sys.stdin.readline():
        words, first, folder, variables, outputs = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(folder, variables, outputs)
            _run(words, first)
            return
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(folder: str, variables: dict[str, str], outputs: list[str]) -> None:
    os.setsid()
    files = [os.open(os.devnull, os.O_RDONLY)]
    files += [os.open(path, os.O_WRONLY | os.O_CREAT) for path in outputs]
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)


def _run(words: list[str], first: str | None) -> None:
    sys.argv[:] = words
    sys.orig_argv[:] = [sys.executable, *words]
    path = Path(words[0])
    sys.path[0] = str(path.resolve().parent) if first is None else first
    main = sys.modules["__main__"]  # the real one: Metaflow leaves there what it pickles against
    for name in ("sys", "serve"):
        del main.__dict__[name]
    main.__dict__["__file__"] = words[0]
    code = compile(path.read_bytes(), words[0], "exec", dont_inherit=True)
    exec(code, main.__dict__)  # noqa: S102 - that is what this is for
