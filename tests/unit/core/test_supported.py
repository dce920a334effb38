"""What the README says of Metaflow's other schedulers is what they refuse in their own words."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Metaflow's of its own dependencies
    import metaflow.plugins
    from metaflow.plugins.airflow.airflow_cli import airflow
    from metaflow.plugins.argo.argo_workflows_cli import argo_workflows
    from metaflow.plugins.aws.step_functions.step_functions_cli import step_functions

ROOT = Path(__file__).parents[3]
PLUGINS = Path(metaflow.plugins.__file__).parent
SOURCES = {
    "Argo Workflows": "argo/argo_workflows*.py",
    "Step Functions": "aws/step_functions/step_functions*.py",
    "Airflow": "airflow/airflow*.py",
    "Kubernetes": "kubernetes/kubernetes_decorator.py",
}

# The row, the scheduler, what the cell says, and the words by which it refuses.
REFUSED = [
    ("Datastore", "Argo Workflows", "S3, Azure, Google", "requires --datastore=s3 or"),
    ("Datastore", "Step Functions", "S3", "requires --datastore=s3."),
    ("Datastore", "Airflow", "S3, Azure, Google", '("azure", "s3", "gs")'),
    ("Foreach", "Step Functions", "yes, with a DynamoDB table", "DynamoDB table is needed"),
    ("Foreach", "Airflow", "of one step", "needs to have an immediate join step"),
    ("Foreach within a foreach", "Airflow", "no", "foreach step called within a foreach step"),
    (
        "Switch, loop",
        "Argo Workflows",
        "yes; not from a switch in a foreach straight to its join",
        "Conditional steps inside a foreach that transition directly into a join",
    ),
    ("Switch, loop", "Step Functions", "no", "flows with switch statement"),
    ("Switch, loop", "Airflow", "no", "is not currently supported by Airflow"),
    ("`@parallel`", "Step Functions", "no", "Deploying flows with @parallel"),
    ("`@parallel`", "Airflow", "no", "Deploying flows with @parallel"),
    ("… with a time zone", "Step Functions", "no", "does not support scheduling with a timezone"),
    ("… with a time zone", "Airflow", "no", "does not support scheduling with `timezone`"),
    (
        "`@trigger`, `@trigger_on_finish`",
        "Argo Workflows",
        "yes, not both",
        "doesn't support both *@trigger* and",
    ),
    ("`@trigger`, `@trigger_on_finish`", "Step Functions", "no", "with @trigger or"),
    ("`@trigger`, `@trigger_on_finish`", "Airflow", "no", "with @trigger or"),
    ("`@exit_hook`", "Step Functions", "no", "with the @exit_hook decorator"),
    ("`@exit_hook`", "Airflow", "no", "with the @exit_hook decorator"),
    ("`@batch`", "Airflow", "no", "execution on AWS Batch with Airflow"),
    ("Parameter without a default", "Airflow", "no", "A default value is required"),
]
# Those that run all steps in one place refuse the decorator of the other.
ELSEWHERE = [("`@batch`", "Argo Workflows"), ("`@kubernetes`", "Step Functions")]


def rows() -> dict[str, dict[str, str]]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("\n## What is supported\n")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    head = cells[0]
    return {one[0]: dict(zip(head, one, strict=True)) for one in cells[2:]}


def words(scheduler: str) -> str:
    """The source, with the strings that it writes over several lines joined."""
    files = sorted(PLUGINS.glob(SOURCES[scheduler]))
    text = " ".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r'"\s+"', "", text)


@pytest.mark.parametrize(("row", "scheduler", "cell", "refusal"), REFUSED)
def test_what_others_refuse(row: str, scheduler: str, cell: str, refusal: str) -> None:
    assert rows()[row][scheduler] == cell
    assert refusal in words(scheduler)


@pytest.mark.parametrize(("row", "scheduler"), ELSEWHERE)
def test_where_others_run_steps(row: str, scheduler: str) -> None:
    assert rows()[row][scheduler] == "no"
    assert "execution both on AWS Batch and Kubernetes" in words("Kubernetes")


def test_every_refusal_is_held_to_its_source() -> None:
    held = {(row, scheduler) for row, scheduler, *_ in REFUSED} | set(ELSEWHERE)
    said = {
        (row, scheduler)
        for row, cells in rows().items()
        for scheduler, cell in cells.items()
        if cell == "no"
    }
    assert said - held == {("`Deployer` in Python", "Airflow")}
    assert "airflow" not in dict(metaflow.plugins.DEPLOYER_IMPL_PROVIDERS_DESC)


@pytest.mark.parametrize(
    ("scheduler", "group"),
    [
        ("Argo Workflows", argo_workflows),
        ("Step Functions", step_functions),
        ("Airflow", airflow),
    ],
)
def test_commands_of_others(scheduler: str, group: Any) -> None:
    theirs = {name for name, command in group.commands.items() if not command.hidden}
    assert set(rows()["Commands"][scheduler].split(", ")) == theirs
