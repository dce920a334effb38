"""A script in a process of ours does what `python script.py` does."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.run import LIMIT

RUNNER = """
import sys
from metaflow_prefect.runtime.host.script import end_script, run_script
sys.modules.pop("this", None)
end_script(run_script(sys.argv[1], sys.argv[2:]))
"""


def run(command: list[str], script: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command, str(script), "--an", "argument"],
        cwd=script.parent,
        env={
            **{name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"},
            "NO_COLOR": "1",
            "PYTHON_COLORS": "0",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )


def both(
    tmp_path: Path, source: str | bytes
) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]:
    script = tmp_path / "script.py"
    script.write_bytes(source if isinstance(source, bytes) else source.encode())
    return run([], script), run(["-c", RUNNER], script)


@pytest.mark.process
@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="empty"),
        pytest.param("raise SystemExit", id="exit"),
        pytest.param("raise SystemExit(None)", id="exit-none"),
        pytest.param("raise SystemExit(3)", id="exit-number"),
        pytest.param("raise SystemExit(300)", id="exit-300"),
        pytest.param("raise SystemExit(-1)", id="exit-minus-1"),
        pytest.param("raise SystemExit(2**63)", id="exit-large"),
        pytest.param("raise SystemExit(-(2**70))", id="exit-very-small"),
        pytest.param("raise SystemExit(True)", id="exit-true"),
        pytest.param("raise SystemExit('why')", id="exit-text"),
        pytest.param("raise SystemExit('')", id="exit-empty-text"),
        pytest.param("raise SystemExit(1, 2)", id="exit-tuple"),
        pytest.param("raise SystemExit(0.5)", id="exit-float"),
        pytest.param("def f():\n    return 1 / 0\n\nf()\n", id="exception"),
        pytest.param(
            "try:\n    1 / 0\nexcept Exception as e:\n    raise ValueError('b') from e", id="cause"
        ),
        pytest.param("class E(BaseException): pass\nraise E('x')", id="base-exception"),
        pytest.param("x = (\n", id="syntax-error"),
        pytest.param("raise KeyboardInterrupt", id="interrupt"),
        pytest.param("import sys\nprint(sys.argv[1:], sys.path[0])", id="arguments"),
        pytest.param("import atexit\natexit.register(print, 'bye')\nprint('hi')", id="exit-hook"),
        pytest.param(
            "import threading\nmain = threading.main_thread()\n"
            "threading.Thread(target=lambda: (main.join(), print('late'))).start()",
            id="thread",
        ),
        pytest.param(
            "class Named:\n    def __del__(self): print('finalized')\nnamed = Named()",
            id="finalizer",
        ),
        pytest.param(
            "class Loop:\n    def __del__(self): print('finalized')\n"
            "loop = Loop()\nloop.itself = loop",
            id="cycle",
        ),
        pytest.param(
            "def numbers():\n    try:\n        yield 1\n    finally:\n        print('closed')\n"
            "begun = numbers()\nnext(begun)",
            id="generator",
        ),
        pytest.param("import ctypes\nctypes.CDLL(None).printf(b'from C\\n')", id="printed-by-c"),
        pytest.param("# coding: latin-1\nprint('\u00e9')".encode("latin-1"), id="encoding-line"),
        pytest.param(b"\xef\xbb\xbfprint('bom')\r\n", id="byte-order-mark"),
        pytest.param("import sys\nsys.excepthook = lambda *a: print('mine')\n1 / 0", id="hook"),
    ],
)
def test_it_ends_and_prints_as_the_interpreter_does(tmp_path: Path, source: str | bytes) -> None:
    native, ours = both(tmp_path, source)
    assert ours.returncode == native.returncode
    assert ours.stdout == native.stdout
    assert ours.stderr == native.stderr


@pytest.mark.process
@pytest.mark.parametrize("holder", ["import __main__ as holder", "import json as holder"])
def test_files_left_open_are_written(tmp_path: Path, holder: str) -> None:
    source = f"{holder}\nholder.left_open = open('left', 'w')\nholder.left_open.write('text')"
    _, ours = both(tmp_path, source)
    assert ours.returncode == 0
    assert (tmp_path / "left").read_text() == "text"


@pytest.mark.process
def test_an_interrupt_ends_it_by_the_signal(tmp_path: Path) -> None:
    _, ours = both(tmp_path, "raise KeyboardInterrupt")
    assert ours.returncode == -signal.SIGINT


@pytest.mark.process
def test_main_has_what_the_interpreter_gives_it(tmp_path: Path) -> None:
    source = (
        "for name in ('__name__', '__file__', '__doc__', '__package__', '__spec__'):\n"
        "    print(name, repr(globals()[name]))\n"
        "import sys\n"
        "print(type(__loader__).__name__, __builtins__)\n"
        "print(sys.modules['__main__'].__dict__ is globals())\n"
    )
    native, ours = both(tmp_path, source)
    assert ours.stdout == native.stdout
    assert ours.returncode == native.returncode == 0


@pytest.mark.process
def test_future_imports_of_ours_do_not_reach_it(tmp_path: Path) -> None:
    source = "def f(a: int): pass\nprint(f.__annotations__)"
    native, ours = both(tmp_path, source)
    assert ours.stdout == native.stdout
