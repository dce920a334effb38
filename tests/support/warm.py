"""Runs a Python command in a process that has imported most of what it imports, to save the time.

What a command does in such a process, which `warm_commands` forks, is not quite what it does in one
of its own: its imports are done. So this is for what commands say and leave behind. How they start
and end is tested with processes of their own; and in runs of all tests, each takes them once in a
month, as does everything with `--thorough`.
"""

import os
import runpy
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from importlib import reload
from io import StringIO
from pathlib import Path
from typing import Any, TypedDict
from warnings import catch_warnings

from metaflow_prefect.runtime.host.script import code_of_ending

# How the variables begin that a module reads when it is imported, or Python when it starts ...
_READ_AT_IMPORT = {"METAFLOW_": "metaflow", "PREFECT_": "prefect", "PYTHON": "sys"}
# ... but for these, which are read when they are needed, or in `become`.
_READ_LATER = (
    *("METAFLOW_USER", "METAFLOW_HOME", "METAFLOW_RUN_", "METAFLOW_PREFECT_"),
    *("PREFECT_API_URL", "PREFECT_API_REQUEST_TIMEOUT", "PREFECT_CLIENT_", "PREFECT_HOME"),
    *("PREFECT__", "PREFECT_WORKER_QUERY_SECONDS", "PREFECT_SERVER_EPHEMERAL_ENABLED"),
    "PREFECT_SERVER_ANALYTICS_ENABLED",
)
# In a command's folder, Prefect's settings may be in these.
_SETTINGS = (".env", "prefect.toml", "pyproject.toml")
_kept: dict[str, tuple[Any, Any]] = {}  # by folder: what settings depend on, and the settings
_MOST = 20  # of them
# In the environment of a command: what is to run the Python commands that it starts itself.
CHILDREN = "TESTS_PYTHON_OF_CHILDREN"
# Looks at the command line when Metaflow imports it.
_AT_IMPORT = "metaflow_extensions.prefect.plugins.mfextinit_prefect"


class Request(TypedDict):
    """A command: its words after `python`, the folder to run it in, and its environment.

    With `stays`, it is not killed when the connection of who has asked for it is closed.
    """

    words: Sequence[str]
    folder: str
    variables: Mapping[str, str]
    stays: bool


def read_at_import(variables: Mapping[str, str]) -> dict[str, str]:
    """Those variables of an environment that change what imports leave."""
    return {
        name: value
        for name, value in variables.items()
        if name.startswith(tuple(_READ_AT_IMPORT))
        and not name.startswith(_READ_LATER)
        and name != "PYTHON"  # install.sh's own
    }


def needs_new(words: Sequence[str], variables: Mapping[str, str], given: Mapping[str, str]) -> bool:
    """Whether imports leave something else for a command than they have left in this process.

    Args:
        words: What follows `python`.
        variables: Its environment.
        given: The variables of this process that they have read.
    """
    if words[0] == "-I":  # with which Python reads none of its own
        variables = {n: text for n, text in variables.items() if not n.startswith("PYTHON")}
    imported = tuple(start for start, name in _READ_AT_IMPORT.items() if name in sys.modules)
    read = {n: text for n, text in read_at_import(variables).items() if n.startswith(imported)}
    return read != {n: text for n, text in given.items() if n.startswith(imported)}


def load_embedded() -> None:
    """Load the runtime that generated files hold, so that it is there for each of them."""
    from metaflow_prefect.generate.embed import embedded_runtime
    from metaflow_prefect.runtime.loader import load_runtime

    embedded = embedded_runtime()
    load_runtime(__name__, embedded.metaflow_side, embedded.prefect_side)


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

    To find them takes longer than to fork, so the last ones of a folder are kept, for commands that
    have the same, unless there was something to be said about them.
    """
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
    if folder in _kept and _kept[folder][0] == key:
        return _kept[folder][1]
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
    if len(_kept) == _MOST:
        del _kept[next(iter(_kept))]
    _kept[folder] = ((*key[:-1], home.exists()), found)
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
    for name in ("sys", "main"):
        main.__dict__.pop(name, None)
    if "prefect" in words[1:] and (ours := sys.modules.get(_AT_IMPORT)):
        sys.argv[:] = words
        reload(ours)
    del sys.path[0]
    isolated = words[0] == "-I"
    if isolated:
        words = words[1:]
    if words[0] == "-m":
        sys.argv[:] = words[1:]
        first = str(Path.cwd())
    elif words[0] == "-c":
        sys.argv[:] = ["-c", *words[2:]]
        first = ""
    else:
        sys.argv[:] = words
        first = str(Path(words[0]).resolve().parent)
    if not isolated:
        sys.path.insert(0, first)
    if words[0] == "-m":
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        return
    if words[0] == "-c":
        source: str | bytes = words[1]
        name = "<string>"
    else:
        name = main.__dict__["__file__"] = str(Path.cwd() / words[0])  # as Python does
        source = Path(name).read_bytes()
    code = compile(source, name, "exec", dont_inherit=True)
    exec(code, main.__dict__)  # noqa: S102 - that is what this is for
