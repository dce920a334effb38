"""What a report says in outputs, in annotations and in the exit code."""

import json

from mfp.action.report import Report, row, sentence
from mfp.action.workflow_commands import Annotation

DRIFT = {
    "new": "is missing",
    "changed": "is out of date",
    "removed": "has no flow any more",
    "edited": "was edited by hand",
}


def outputs(report: Report) -> dict[str, str]:
    """Give the outputs of the action that follow from finding and converting flows.

    Args:
        report: The report.

    Returns:
        The outputs by their names.
    """
    failed = len(report.failed)
    # A matrix has what a job needs for one flow.
    needed = ("path", "class", "line", "output", "status")
    flows = [{name: row(one)[name] for name in needed} for one in report.flows]
    return {
        "flow-count": str(len(report.flows)),
        "converted-count": str(0 if report.mode == "list" else len(report.flows) - failed),
        "changed-count": str(len(report.changes)),
        "failed-count": str(failed),
        "changed": "true" if report.changes else "false",
        "changed-files": json.dumps([one.path for one in report.changes]),
        "edited-files": json.dumps([*report.kept, *report.edited]),
        "flows": json.dumps(flows),
    }


def annotations(report: Report) -> list[Annotation]:
    """Give the annotations for a report, flows that failed first.

    Args:
        report: The report.

    Returns:
        The annotations.
    """
    found = [
        Annotation(
            title=f"{one.name or 'Flows'} not converted",
            message=sentence(one.error, one.remedy),
            path=one.path,
            line=one.error_line or one.line,
        )
        for one in report.failed
    ]
    text = "Its flow is gone, but it was edited by hand. Move it away, or remove it."
    found += [Annotation(title="Not removed", message=text, path=path) for path in report.edited]
    if report.drift:
        found += [
            Annotation(
                title="Generated file not up to date",
                message=f"{one.path} {DRIFT[one.what]}. Run this and commit: {report.fix}",
                path=one.flow or one.path,
                line=one.line,
            )
            for one in report.changes
            if one.what != "edited"  # its flow failed for that, with another remedy
        ]
    return found


def empty(report: Report) -> Annotation:
    """Say that there are no flows."""
    return Annotation(
        level="error" if report.fail_on_empty else "warning",
        title="No flows",
        message="No flows were found. Correct the inputs paths, exclude and working-directory, or "
        "paths and exclude in pyproject.toml.",
    )


def verdict(report: Report) -> list[str]:
    """Say why the job fails.

    Args:
        report: The report at the end.

    Returns:
        The reasons, each a line; none if it does not.
    """
    found = []
    if report.drift:
        edited = sum(one.what == "edited" for one in report.changes)
        count = len(report.changes) - edited
        if count:
            files = "1 generated file is" if count == 1 else f"{count} generated files are"
            found.append(f"{files} not up to date. Run this and commit: {report.fix}")
        if edited:
            found.append(
                f"{_edited(edited)}. Make the change in the flow, or use extra-args: --force."
            )
    bad, gone = len(report.failed), len(report.edited)
    if _fails(report, bad + gone, len(report.flows) + gone):
        if bad:
            found.append(f"{bad} of {len(report.flows)} flows failed.")
        if gone:
            found.append(f"{_edited(gone)}, and not removed though the flow is gone.")
    if not report.flows and report.fail_on_empty:
        found.append("No flows were found.")
    bad = sum(one["status"] == "failed" for one in report.deployments)
    if _fails(report, bad, len(report.deployments)):
        found.append(f"{bad} of {len(report.deployments)} deployments failed.")
    return found


def _edited(count: int) -> str:
    return f"{count} generated {'file was' if count == 1 else 'files were'} edited by hand"


def _fails(report: Report, bad: int, everything: int) -> bool:
    limit = {"any": 1, "all": max(everything, 1), "never": everything + 1}
    return bad >= limit[report.fail_on_error]
