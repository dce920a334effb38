"""What a deployment keeps about itself, in the environment of its runs on the server.

The server is the only store: whoever operates a deployment, on whichever machine, knows it by
this record; and its runs take their options from it, so that a generated file which several
deployments share says nothing of any of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from metaflow_prefect.deploy.description import Description
from metaflow_prefect.errors import DeployProblem
from metaflow_prefect.runtime.flow_run.deployed import DEPLOYMENT_VARIABLE

DESCRIBED = ("flow", "project", "branch", "renamed", "files", "events", "upstream")
LONGEST = 100_000  # bytes; the kernel refuses a variable of 128 KiB


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is kept with a deployment.

    Args:
        flow: The flow's name.
        project: Its project, if it has one.
        branch: The branch of the project.
        options: Metaflow's top-level options of its runs; `None` leaves them to the file.
        run_options: Options of Metaflow's `run` likewise.
        configs: The values of its configs likewise.
        metadata: Metaflow's metadata provider, as `local@/folder`; `None` if not known.
        renamed: Parameters whose names differ in Prefect, by their names in Metaflow.
        files: Parameters whose values are files.
        events: The events of `@trigger`.
        upstream: The flows of `@trigger_on_finish`.
        timeout: Seconds after which a run is stopped.
        task_runner: Where steps run, as "dask:ADDRESS".
        shared_folder: Whether folders are the same on all that run steps.
        pull: How workers get the code.
        variables: Which other variables of the environment are ours.
        repository: The repository that it was deployed from as a whole, by a name that is the same
            in each clone.
        source: The flow's file in that repository.
    """

    flow: str
    project: str | None = None
    branch: str | None = None
    options: Sequence[str] | None = None
    run_options: Sequence[str] | None = None
    configs: Mapping[str, Any] | None = None
    metadata: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[str] = ()
    events: Sequence[str] = ()
    upstream: Sequence[str] = ()
    timeout: int | None = None
    task_runner: str | None = None
    shared_folder: bool = False
    pull: str | None = None
    variables: Sequence[str] = ()
    repository: str | None = None
    source: str | None = None

    @classmethod
    def described(cls, described: Description, **more: Any) -> Record:
        """Keep what the flow alone says, and more.

        Args:
            described: What the flow says.
            more: What else is kept, or is kept instead.
        """
        facts = {name: getattr(described, name) for name in DESCRIBED}
        return cls(**facts | more)

    def as_text(self) -> str:
        """Give it as the value of an environment variable.

        Raises:
            DeployProblem: It is too large for one.
        """
        plain = asdict(Record(flow=""))
        facts = {name: value for name, value in asdict(self).items() if value != plain[name]}
        # Prefect would take two braces for a placeholder of its own.
        text = json.dumps(facts, sort_keys=True).replace("{{", "{\\u007b")
        if len(text) > LONGEST:
            raise DeployProblem(
                f"The options and configs of {self.flow} take {len(text)} bytes; a deployment can "
                f"keep {LONGEST}.",
                "Make the configs smaller.",
            )
        return text

    @classmethod
    def of(cls, job_variables: Mapping[str, Any] | None) -> Record | None:
        """Read it from a deployment's job variables; `None` if there is none of ours.

        Args:
            job_variables: The job variables.
        """
        variables = (job_variables or {}).get("env")
        text = variables.get(DEPLOYMENT_VARIABLE) if isinstance(variables, Mapping) else None
        if not text:
            return None
        try:
            found = json.loads(text)
            known = {name: found[name] for name in cls.__dataclass_fields__ if name in found}
            return cls(**known)
        except (TypeError, ValueError):
            return None
