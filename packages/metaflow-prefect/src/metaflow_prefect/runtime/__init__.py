"""What every generated file carries, as real modules.

A generated file holds the text of these modules under its own part: first the Prefect
side, which runs where Prefect runs the flow, then the Metaflow side, which runs in
processes of its own and imports Metaflow. Their names share one namespace there, so
every top-level name is unique over all of them.
"""

PREFECT_SIDE = (
    "facts",
    "scheduler",
    "host",
    "artifacts",
    "steps",
    "taskruns",
    "values",
    "engine",
    "command",
)
METAFLOW_SIDE = (
    "channel",
    "script",
    "warm",
    "launch",
    "worker",
    "outcome",
    "service",
    "native",
    "side",
)
