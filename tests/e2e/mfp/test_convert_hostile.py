"""Flows that do harm at import: neither the others nor the run notice."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.mfp_command import mfp
from support.mfp_samples import FLOW, write

pytestmark = pytest.mark.xdist_group("hostile")

HOSTILE = {
    "prints": ("print('x' * 3_000_000, flush=True)", None),
    "writes_descriptors": ("import os; [os.write(n, b'y' * 300_000) for n in (1, 2)]", None),
    "chdir": ("import os; os.chdir('/')", None),
    "closes": ("import os; os.closerange(0, 100)", None),
    "no_streams": ("import sys; sys.stdout = sys.stderr = sys.stdin = None", None),
    "threads": (
        "import threading; threading.Thread(target=threading.Event().wait).start()",
        None,
    ),
    "deletes_modules": (
        "import sys; [sys.modules.pop(n) for n in list(sys.modules) if n[:8] != 'metaflow']",
        None,
    ),
    "clears_path": ("import sys; sys.path.clear(); sys.argv.clear()", None),
    "atexit": ("import atexit, os; atexit.register(os._exit, 7)", None),
    "signals": ("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)", None),
    "forks": ("import os; os.fork() or os.execvp('sleep', ['sleep', '1000'])", None),
    "reads_stdin": ("import sys; assert sys.stdin.read() == ''", None),
    "sys_exit": ("import sys; sys.exit('no')", "which exits with 'no'"),
    "os_exit": ("import os; os._exit(0)", "exited with 0"),
    "os_exit_printing": ("import os; print('bye', flush=True); os._exit(3)", "last: bye"),
    "segfault": ("import ctypes; ctypes.string_at(0)", "killed by SIG"),
    "kills_itself": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "by SIGKILL"),
    "raises": ("1 / 0", "raised ZeroDivisionError: division by zero (line 1)"),
    "raises_base": ("class E(BaseException): ...\nraise E('no')", "raised E: no (line 2)"),
    "interrupts": ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    "recursion": ("def f(): f()\nf()", "RecursionError"),
    "not_there": ("import not_there_at_all", "not_there_at_all is not installed (line 1)"),
    "never_ends": ("import threading; threading.Event().wait()", "more than 10 s"),
}


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Convert all of them in one run, with a good one before and after."""
    root = tmp_path_factory.mktemp("hostile")
    good = FLOW + "\nif __name__ == '__main__':\n    F()\n"
    files = {f"{name}.py": f"{code}\n{good}" for name, (code, _) in HOSTILE.items()}
    write(root, {**files, "a_first.py": good, "z_last.py": good})
    result = mfp(root, "convert-all", "--jobs", "2", "--timeout", "10", "--json", "r.json")
    assert result.returncode == 3
    assert list(root.glob("*")) != []
    flows = json.loads(Path(root, "r.json").read_text())["flows"]
    assert [flow["path"] for flow in flows] == sorted([*files, "a_first.py", "z_last.py"])
    for flow in flows:
        exists = Path(root, "prefect_flows", flow["path"][:-3] + "_prefect.py").exists()
        assert exists == (flow["status"] == "converted")
    return {flow["path"][:-3]: flow for flow in flows}


@pytest.mark.parametrize("name", ["a_first", *HOSTILE, "z_last"])
def test_import(flows: dict[str, Any], name: str) -> None:
    _, expected = HOSTILE.get(name, ("", None))
    flow = flows[name]
    if expected is None:
        assert (flow["status"], flow["error"], flow["remedy"]) == ("converted", None, None)
    else:
        assert flow["status"] == "failed"
        assert expected in flow["error"]
        assert flow["remedy"].endswith(".")


def test_missing_module_names_the_option(flows: dict[str, Any]) -> None:
    assert "--missing-imports stub" in flows["not_there"]["remedy"]
