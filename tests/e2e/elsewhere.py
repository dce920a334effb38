"""Flows whose runs are not where they were made, and what those have left."""

import json
from pathlib import Path
from typing import Any

from e2e.scheduler import Flows, worker

FLOW = """
from importlib.util import find_spec

import helper
from metaflow import (
    Config, FlowSpec, Parameter, Run, batch, current, kubernetes, namespace, schedule, step,
    trigger, trigger_on_finish
)


{decorator}
class {name}(FlowSpec):
    told = Config("told", default_value='{{"a": 1}}')
    alpha = Parameter("alpha", default=0)
    beta = Parameter("beta", default=0)

    @step
    def start(self):
        self.says = [helper.SAYS, self.told.a]
        {body}
        self.next(self.end)

    {remote}
    @step
    def end(self):
        {ending}


if __name__ == "__main__":
    {name}()
"""


def flow(
    name: str, decorator: str = "", body: str = "pass", remote: str = "", ending: str = "pass"
) -> str:
    return FLOW.format(name=name, decorator=decorator, body=body, remote=remote, ending=ending)


def work(flows: Flows, tmp_path: Path, pool: str) -> Any:
    environment = {**flows.environment, "PREFECT_HOME": str(tmp_path / "worker-home")}
    return worker(pool, environment, tmp_path / "empty")


def said(flows: Flows, flow: str, run_id: str) -> Any:
    look = (
        f"import json; from metaflow import Run; run = Run('{flow}/{run_id}', "
        "_namespace_check=False); code = run.code; "
        "print(json.dumps([run['start'].task['says'].data, code and 'import' in "
        "code.flowspec.decode()]))"
    )
    done = flows.run("-c", look)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
