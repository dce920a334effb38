"""What every generated file carries, as real modules.

A generated file holds the text of these modules under its own part: first the Prefect
side, which runs where Prefect runs the flow, then the Metaflow side, which runs in
processes of its own and imports Metaflow. Their names share one namespace there, so
every top-level name is unique over all of them.
"""

PREFECT_SIDE = (
    "flow_run.facts",
    "flow_run.deployed",
    "flow_run.scheduler",
    "flow_run.host_client",
    "flow_run.artifacts",
    "flow_run.log_shipper",
    "flow_run.log_records",
    "flow_run.logs",
    "flow_run.steps",
    "flow_run.step_engine",
    "flow_run.taskruns",
    "flow_run.values",
    "flow_run.engine",
    "flow_run.resume",
    "flow_run.command",
)
METAFLOW_SIDE = (
    "channel",
    "host.script",
    "host.warm",
    "host.launch",
    "host.worker",
    "host.outcome",
    "host.origin",
    "host.service",
    "host.native",
    "host.side",
)
