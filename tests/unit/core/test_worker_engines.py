"""What is sent to a worker loads the generated file's runtime once, for all of its threads."""

import copy
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from types import SimpleNamespace

import dask.config
import pytest
from metaflow_prefect.runtime.flow_run.runner_choice import RunnerChoice
from metaflow_prefect.runtime.flow_run.worker_engines import (
    FEW_MESSAGES,
    ON_WORKER,
    QUIET_WORKERS,
    DaskEngine,
    made_on_worker,
)

MODULE = "metaflow_prefect_of_this_test"
GENERATED = f"""
import sys
from types import ModuleType
from gate_of_import import entered, leave

def attempts_here(run_id, requests, values, tell):
    return [{{"ran": requests}}]

sys.modules["{MODULE}"] = runtime = ModuleType("{MODULE}")
entered.set()
assert leave.wait(60)
runtime.attempts_here = attempts_here
"""


def test_threads_wait_for_the_one_that_loads_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = SimpleNamespace(entered=Event(), leave=Event())
    monkeypatch.setitem(sys.modules, "gate_of_import", gate)
    made = made_on_worker(ON_WORKER)
    made["teller"] = lambda *_: None
    made["shared_values"] = lambda *_: (lambda: {"text": GENERATED}, lambda: 1)
    run = {"id": "1", "module": MODULE, "sign_limit": 1}
    with ThreadPoolExecutor() as threads:
        first = threads.submit(made["attempts_on_worker"], run, ["first"], "1")
        assert gate.entered.wait(60)
        second = threads.submit(made["attempts_on_worker"], run, ["second"], "2")
        wait([second], timeout=0.2)  # in which it would take what is loaded by half
        gate.leave.set()
    for name in (MODULE, f"{MODULE}_file"):
        del sys.modules[name]
    assert (first.result(), second.result()) == (
        [{"ran": ["first"]}],
        [{"ran": ["second"]}],
    )


@pytest.fixture
def dask_settings() -> Iterator[None]:
    kept, count = copy.deepcopy(dask.config.config), len(dask.config.defaults)
    yield
    dask.config.config.clear()
    dask.config.config.update(kept)
    del dask.config.defaults[count:]


@pytest.mark.process
@pytest.mark.usefixtures("dask_settings")
def test_workers_that_are_started_here_are_quiet_but_where_a_user_has_said_otherwise() -> None:
    dask.config.set({"distributed.admin.tick.interval": "5s"})
    wanted = dask.config.merge(FEW_MESSAGES, QUIET_WORKERS)["distributed"]
    runner = RunnerChoice("dask").runner
    with runner:
        engine = DaskEngine(runner)
        assert engine.is_here
        found, *_ = runner.client.run(dask.config.get, "distributed").values()
    wanted["admin"]["tick"]["interval"] = "5s"
    assert dask.config.merge(found, wanted) == found
