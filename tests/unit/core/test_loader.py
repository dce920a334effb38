"""How a generated file loads the runtime that it holds."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from metaflow_prefect.runtime.loader import Side, load_runtime, load_side

NAMES = "metaflow_prefect_"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the user's; what a test loads is forgotten after it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = set(sys.modules)
    yield tmp_path / "metaflow-prefect"
    forget(before)


def forget(before: set[str]) -> None:
    for name in set(sys.modules) - before:
        if name.startswith(NAMES):
            del sys.modules[name]


def test_it_is_compiled_once(cache: Path) -> None:
    before = set(sys.modules)
    first = load_side("value = []\n")
    assert load_side("value = []\n") is first
    (kept,) = cache.glob("*.py")
    assert kept.read_text() == "value = []\n"
    (compiled,) = (cache / "__pycache__").iterdir()
    written = compiled.stat().st_mtime_ns
    forget(before)
    second = load_side("value = []\n")
    assert second is not first
    assert (second.__name__, second.__file__) == (first.__name__, str(kept))
    assert compiled.stat().st_mtime_ns == written


@pytest.mark.parametrize("named", ["", "/dev/null/no"])
def test_it_is_loaded_where_nothing_can_be_kept(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    monkeypatch.setenv("HOME", "/dev/null")
    module = load_side("def double(x):\n    return 2 * x\n")
    assert module.double(2) == 4
    assert getattr(module, "__file__", None) is None
    assert module.double.__code__.co_filename == f"<{module.__name__}>"
    assert sys.modules[module.__name__] is module


def test_a_file_that_was_changed_is_written_anew(cache: Path) -> None:
    before = set(sys.modules)
    load_side("value = 1\n")
    (kept,) = cache.glob("*.py")
    kept.write_text("value = 'of somebody else'\n")
    forget(before)
    assert load_side("value = 1\n").value == 1
    assert kept.read_text() == "value = 1\n"
    assert [path.suffix for path in cache.iterdir() if path.is_file()] == [".py"]


def test_the_prefect_side_has_the_names_of_metaflows() -> None:
    other = "def check_prefect(name):\n    checked.append(name)\n\n\nchecked = []\n"
    text = "def again():\n    return checked * 2\n"
    assert load_runtime("flow", other, text).again() == ["flow", "flow"]
    edited = load_runtime("flow", f"{other}checked += ['edited']\n", text)
    assert edited.again() == ["edited", "flow"] * 2


def test_what_cannot_be_loaded_is_tried_again() -> None:
    text = "import missing_on_this_machine\n"
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError):
            load_side(text)


def test_threads_wait_for_the_one_that_loads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = SimpleNamespace(entered=Event(), leave=Event())
    monkeypatch.setitem(sys.modules, "gate_of_import", gate)
    text = (
        "import gate_of_import as gate\ngate.entered.set()\nassert gate.leave.wait(60)\nvalue = 1\n"
    )
    with ThreadPoolExecutor() as threads:
        first = threads.submit(load_side, text)
        assert gate.entered.wait(60)
        second = threads.submit(load_side, text)
        wait([second], timeout=0.2)  # in which it would take what is loaded by half
        gate.leave.set()
    assert first.result() is second.result()
    assert second.result().value == 1
    assert not [one for one in sys.meta_path if isinstance(one, Side)]
