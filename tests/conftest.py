"""What kind of test each is, in which order they run, and one Prefect server for all of them.

Tests are of three kinds. `server`: it needs a Prefect server; so does each that asks for
`prefect_api`. `process`: it starts processes, but no server; so do all outside `tests/unit`.
`fast`: all others, which only read code, and which fail if they start a process.
"""

import gc
import os
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, settings
from metaflow_prefect.model import RUNTIMES
from support import recorded, run, warm_commands
from support.leftovers import files_outside, left_running
from support.processes import no_process
from support.server import use_server

UNIT = Path(__file__).parent / "unit"
OUTSIDE: pytest.StashKey[set[str]] = pytest.StashKey()
# How the shell wants Python to run is no matter of the tests, which run it as users do. With these
# nothing would be run by warm processes, and all of our modules would be compiled for each process.
for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
    os.environ.pop(name, None)
DAYS = ("even", "odd")  # as `date.toordinal` counts
KINDS = ("server", "process", "fast")  # the longest first, so that no long one is left at the end

settings.register_profile(
    "default",
    deadline=None,
    # a failing graph is told as it was found: to shrink it would run flows for an hour
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="run every variant of every case")
    parser.addoption(
        "--runtime",
        choices=RUNTIMES,
        default=RUNTIMES[0],
        help="what the generated files of the comparisons with native runs hold or import",
    )
    parser.addoption("--shuffle", metavar="SEED", help="run the tests in an order made at random")


def is_worker() -> bool:
    """Whether this is one of xdist's processes, and not the one that has started them."""
    return "PYTEST_XDIST_WORKER" in os.environ


def pytest_sessionstart(session: pytest.Session) -> None:
    # A shell that starts something in the background has it ignore Ctrl-C, and all it starts.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not is_worker():
        session.config.stash[OUTSIDE] = files_outside()
        warm_commands.session_folder()  # for all workers
        # Importing Prefect creates this folder.
        os.environ["PREFECT_HOME"] = str(base_of(session) / "prefect")


@pytest.hookimpl(trylast=True)  # when the workers have ended
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if a process is left, and on CI, where nobody else writes files, also if a file is."""
    if is_worker():
        return
    left = [f"process {text}" for text in left_running(base_of(session))]
    if os.environ.get("CI"):
        before = session.config.stash[OUTSIDE]
        left += [f"file {name}" for name in files_outside() - before]
    if left:
        reporter: pytest.TerminalReporter = session.config.pluginmanager.get_plugin(
            "terminalreporter"
        )  # type: ignore[assignment]
        reporter.section("left behind by the tests", red=True)
        reporter.write("".join(f"{line}\n" for line in left))
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def base_of(session: pytest.Session) -> Path:
    """The folder that holds the temporary folders of a session."""
    factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
    return factory.getbasetemp()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Never look for garbage among what the tests' modules import, as that stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests of a group in one process, also where only a number of these is given."""
    if config.getoption("dist", default="no") == "load":
        config.option.dist = "loadgroup"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Twice as many workers as cores, where half of the time tests wait for others' processes."""
    cores = os.cpu_count() or 1
    only_units = all(Path(name).resolve().is_relative_to(UNIT) for name in config.args)
    return cores if only_units or config.option.markexpr == "fast" else 2 * cores


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--thorough"):
        variants = {item for item in items if is_spared(item)}
        config.hook.pytest_deselected(items=list(variants))
        items[:] = [item for item in items if item not in variants]
    kinds = {item: kind_of(item) for item in items}
    for item, kind in kinds.items():
        item.add_marker(kind)
    if seed := config.getoption("--shuffle"):
        random.Random(seed).shuffle(items)
    else:
        items.sort(key=lambda item: KINDS.index(kinds[item]))
    if is_worker():
        for item in items:
            name_group(item)


def is_spared(item: Any) -> bool:
    """Whether only `--thorough` runs a test today."""
    if item.get_closest_marker("thorough"):
        return True
    if (marker := item.get_closest_marker("on_days")) and (
        (recorded.TODAY + DAYS.index(marker.args[0])) % 2
    ):
        return True
    if marker := item.get_closest_marker("one_a_day"):
        names = set(marker.args)
        others = [value for name, value in item.callspec.params.items() if name not in names]
        (count,) = (
            len(mark.args[1])
            for mark in item.iter_markers("parametrize")
            if names == {*([mark.args[0]] if isinstance(mark.args[0], str) else mark.args[0])}
        )
        day = recorded.TODAY // 2 if item.get_closest_marker("on_days") else recorded.TODAY
        turn = crc32(str(others).encode()) + day - item.callspec.indices[marker.args[0]]
        return bool(turn % count)
    return False


def name_group(item: Any) -> None:
    """Name a test's group in its id, which pytest-xdist itself cannot since pytest 9.2."""
    group = item.get_closest_marker("xdist_group")
    if group is not None and hasattr(item, "_id"):  # where earlier ones have `_nodeid`
        item._id = type(item._id).parse(f"{item.nodeid}@{group.args[0]}")


def kind_of(item: pytest.Item) -> str:
    """Which of the `KINDS` a test is."""
    if item.get_closest_marker("server") or "prefect_api" in getattr(item, "fixturenames", ()):
        return "server"
    if item.get_closest_marker("process") or UNIT not in item.path.parents:
        return "process"
    return "fast"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    config = item.config
    # Whoever chooses tests by `-m` is waiting for them.
    sampled = not config.option.markexpr and recorded.in_sample(item.nodeid, recorded.TODAY)
    own = config.getoption("--thorough") or sampled
    run.use_warm = sys.platform == "linux" and not own
    with no_process() if item.get_closest_marker("fast") else nullcontext():
        return (yield)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this session share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if is_worker() else base


@pytest.fixture(scope="session")
def prefect_api(shared_folder: Path) -> Iterator[str]:
    """The URL of the API of a Prefect server, the same for all workers of the session."""
    with use_server(shared_folder) as url:
        yield url
