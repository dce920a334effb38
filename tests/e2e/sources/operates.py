"""Runs what is deployed, and deletes it, by Metaflow's DeployedFlow: OPERATES NAME."""

import json
import sys

from metaflow import DeployedFlow

(name,) = sys.argv[1:]
found = DeployedFlow.from_deployment(name, impl="prefect")
runs = found.list_runs()
run = DeployedFlow.get_triggered_prefect_run(name, runs[0].pathspec.split("/")[1])
listed = [one.name for one in DeployedFlow.list_prefect(found.flow_name)]
resumed = found.resume()
resumed.wait_for_completion(check_interval=1, timeout=900)
print(
    json.dumps(
        [
            found.name,
            found.flow_name,
            found.production_token,
            run.status,
            run.run.successful,
            listed,
            run.url,
            resumed.status,
            found.delete(),
            found.delete(),
        ]
    )
)
