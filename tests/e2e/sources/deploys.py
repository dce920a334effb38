"""Deploys a flow, and runs it, by Metaflow's Deployer: DEPLOYS FILE POOL."""

import json
import sys

from metaflow import Deployer

file, pool = sys.argv[1:]
config = [("told", {"a": 3})]
deployer = Deployer(file, show_output=False, config_value=config)
deployed = deployer.prefect(name="by-hand").create(tags=["of:deployer"], work_pool=pool)
run = deployed.trigger(alpha=0.5, name="Ada", wait={"a": 1})
early = run.status
run.wait_for_run(check_interval=1, timeout=900)
run.wait_for_completion(check_interval=1, timeout=900)
wrong = []
for given in ({"none": 1}, {"alpha": "x"}):
    try:
        deployed.trigger(**given)
    except Exception as error:
        wrong.append(type(error).__name__)
print(
    json.dumps(
        [
            deployed.name,
            deployed.flow_name,
            run.pathspec,
            early,
            run.status,
            run.is_running,
            run.run.successful,
            sorted(run.run.tags),
            [*run.run["start"].task["seen"].data, run.run["start"].task["where"].data],
            deployed.production_token,
            wrong,
            run.terminate(),
        ]
    )
)
