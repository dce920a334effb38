"""What Metaflow's `Deployer` returns for Prefect: deployed flows and their triggered runs.

All that they know is on the server, so that they work in any process and folder, on any machine,
and without the flow's file.
"""

from metaflow_prefect.deployer.deployed_flow import PrefectDeployedFlow
from metaflow_prefect.deployer.triggered_run import PrefectTriggeredRun

__all__ = ["PrefectDeployedFlow", "PrefectTriggeredRun"]
