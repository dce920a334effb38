"""The step that deploys what was converted; it imports no code of the repository."""

import json
import os
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mfp.action.handover import take_over
from mfp.action.inputs import PREFIX, Reader
from mfp.action.report import read_report, sentence, write_report
from mfp.action.runner import Runner
from mfp.action.secret import hidden, mask, secrets_of
from mfp.action.summary import deployment
from mfp.action.workflow_commands import Annotation, annotate, plain_output
from mfp.settings import read_settings

SERVER = ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_API_AUTH_STRING")


def deploy_flows(runner: Runner, report_file: Path, said: Callable[[str], str]) -> None:
    """Deploy the flows that were converted, and report it in every way that GitHub has.

    Args:
        runner: Where the step is.
        report_file: The report of the step before; the deployments are added to it.
        said: Says a remedy in terms of the action's inputs.
    """
    take_credentials(os.environ)
    secrets = secrets_of(os.environ)
    mask(secrets)
    read = Reader(os.environ)
    jobs, which, pool = read.number("jobs"), read.choice("deploy"), read.text("work-pool")
    handover = take_over(report_file)

    # Prefect reads the variables when it is imported, and takes seconds for it.
    from mfp.deploy.naming import name_deployments  # noqa: PLC0415
    from mfp.deploy.report import entries, show  # noqa: PLC0415
    from mfp.deploy.repository import repository_of  # noqa: PLC0415
    from mfp.deploy.server import Deploying, deploy_all  # noqa: PLC0415

    settings = read_settings(Path.cwd())
    how = Deploying(
        writes=jobs,
        pull=handover.pull or "git",  # the runner's folder is gone when a worker wants it
        changed=which == "changed",
        dry=False,
        reachable=True,
        output_dir=handover.output_dir,
        repository=repository_of(settings),
    )
    planned = name_deployments(handover.outcomes, settings.folder, pool or None)
    with plain_output():
        deployed = deploy_all(planned, how, lambda _: None) if planned else []
        clean = [
            replace(
                one,
                error=one.error and hidden(one.error, secrets),
                remedy=one.remedy and hidden(said(one.remedy), secrets),
            )
            for one in deployed
        ]
        show(handover.outcomes, clean)
    found = [
        {**entry, "path": runner.shown(entry["path"]), "output": runner.shown(entry["output"])}
        for entry in entries(clean)
    ]
    report = replace(read_report(report_file), deployments=tuple(found))
    write_report(report_file, report)
    runner.write_outputs({"deployments": json.dumps(found)})
    runner.write_summary(deployment(report))
    lines = [one.planned.outcome.line for one in clean]
    annotate(_annotations(found, lines))


def take_credentials(variables: MutableMapping[str, str]) -> None:
    """Put the inputs where Prefect reads them; the environment of the job holds where none is.

    Args:
        variables: The environment.
    """
    for name in SERVER:
        if value := variables.pop(PREFIX + name, "").strip() or variables.get(name):
            variables[name] = value
        else:
            variables.pop(name, None)


def _annotations(
    entries: Sequence[dict[str, Any]], lines: Sequence[int | None]
) -> list[Annotation]:
    """Tell a cause that several have in common, as a server that is down, only once."""
    causes: dict[str, list[tuple[dict[str, Any], int | None]]] = {}
    for entry, line in zip(entries, lines, strict=True):
        if entry["status"] == "failed":
            message = sentence(entry["error"], entry["remedy"])
            causes.setdefault(message, []).append((entry, line))
    return [_annotation(message, having) for message, having in causes.items()]


def _annotation(message: str, having: Sequence[tuple[dict[str, Any], int | None]]) -> Annotation:
    entry, line = having[0]
    if len(having) == 1:
        title = f"{entry['name']} not deployed"
        return Annotation(title=title, message=message, path=entry["path"], line=line)
    return Annotation(title=f"{len(having)} flows not deployed", message=message)
