"""Put the service into Metaflow's own runtime, which does all else."""

from __future__ import annotations

import importlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from .launch import Launcher
from .origin import PARAMETERS_TASK, look_at_origin
from .outcome import FinishedTask, described_storage
from .service import RunService
from .worker import WorkersSubprocess


@contextmanager
def _file_of(content: Any) -> Iterator[str]:
    """Hold what can be written as JSON in a temporary file; yield its name."""
    with tempfile.NamedTemporaryFile(mode="w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        yield file.name


@contextmanager
def _config_file(flow: Any) -> Iterator[str | None]:
    """Hold the values of the flow's configs in a file, as Metaflow's runtime does."""
    from metaflow.user_configs.config_parameters import dump_config_values

    values = dump_config_values(flow)
    with _file_of(values) if values else nullcontext() as name:
        yield name


@contextmanager
def configs_as_options(configs: dict[str, Any], resumed: bool) -> Iterator[list[str]]:
    """Hand configs over as Metaflow's runtime hands them to its steps.

    With `resume` it allows no option that names one: see `default_to_kept`.
    """
    if not configs:
        yield []
        return
    with _file_of({"user_configs": configs}) as file:
        options = ["--local-config-file", file]
        for name in () if resumed else configs:
            options += ["--config-value", name, f"kv.{name}"]
        yield options


def default_to_kept(flow: Any, configs: dict[str, Any], resumed: bool) -> None:
    """Have a resumed flow default to the configs that `configs_as_options` hands over.

    It has the configs of its origin, but Metaflow reads the defaults first, and fails
    where their files are not.
    """
    names = configs if resumed else ()
    for _, parameter in flow._get_parameters():
        if parameter.IS_CONFIG_PARAMETER and parameter.name in names:
            parameter.kwargs["default"] = f"kv.{parameter.name}"
            parameter._default_is_file = False


@contextmanager
def _finishing(runtime: Any) -> Iterator[None]:
    """Tell the decorators and the exit hooks of a run how it ended."""
    exception: BaseException | None = None
    try:
        yield
    except BaseException as error:
        exception = error
        raise
    finally:
        for step in runtime._flow:
            for decorator in step.decorators:
                if decorator.runtime_finished_ctx is not None:
                    decorator.runtime_finished_ctx(step.__name__, exception)
                else:
                    decorator.runtime_finished(exception)
        runtime._run_exit_hooks()


def install_service(service: RunService, launcher: Launcher) -> None:
    """Put our scheduling loop into the runtime of Metaflow's `run` and `resume`."""
    runtime: Any = importlib.import_module("metaflow.runtime")
    native = runtime.NativeRuntime
    make, persist = native.__init__, native.persist_constants

    def make_run(self: Any, flow: Any, *args: Any, **kwargs: Any) -> None:
        origin = None
        _, store, metadata, *_ = args
        service.storage = described_storage(store)
        service.awaited = [service.storage]
        if metadata.TYPE == "service":
            _, _, url = metadata.metadata_str().partition("@")
            service.awaited.append(f"metadata service at {url}")
        if service.attach is not None:
            kwargs["clone_run_id"] = None  # its parameters are those that were made
            metaflow: Any = importlib.import_module("metaflow")
            metaflow.namespace(service.attach["namespace"])
        elif kwargs.get("clone_run_id"):
            with service.telling_if_slow():
                origin = look_at_origin(flow, store, metadata, kwargs["clone_run_id"])
        place = {
            "datastore": store.TYPE,
            "root": store.datastore_root,
            "metadata": metadata.TYPE,
        }
        run_id = service.ready(flow, kwargs, {"origin": origin, **place})
        with service.telling_if_slow():
            make(self, flow, *args, **{**kwargs, "run_id": run_id})
        self._logger = service.log
        # Tasks of an earlier try of this flow run are not known here.
        self._is_cloned = defaultdict(bool)

    def persist_constants(self: Any, task_id: str | None = None) -> None:
        # The values of an earlier try stay: a default may be another one by now.
        with service.telling_if_slow():
            self._params_task = service.earlier_parameters(self)
            if self._params_task is None:
                persist(self, task_id=task_id or PARAMETERS_TASK)

    def clone_original_run(self: Any, **_: object) -> None:
        # Nothing yet: each task is cloned when its turn comes.
        if not isinstance(self._params_task, FinishedTask):
            self._params_task.mark_resume_done()

    def execute(self: Any) -> None:
        with _config_file(self._flow) as file, _finishing(self):
            self._config_file_name = file
            service.serve(self)

    native.__init__ = make_run
    native.persist_constants = persist_constants
    native.clone_original_run = clone_original_run
    native.execute = execute
    runtime.subprocess = WorkersSubprocess(launcher)
