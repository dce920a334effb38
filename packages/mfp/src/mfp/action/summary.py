"""The job's summary: what a person wants to know, the bad news first."""

from collections import Counter
from collections.abc import Iterable, Sequence

from mfp.action import markdown
from mfp.action.outputs import DRIFT
from mfp.action.report import Change, Flow, Report, sentence
from mfp.action.runner import Runner
from mfp.installation import install_command

ROOM = 1_000_000  # bytes; GitHub drops the summary of a step that has more than 1 MiB
ROOM_FOR_ROWS = 600_000


class Page:
    """Markdown that grows as long as there is room."""

    def __init__(self, room: int = ROOM) -> None:
        self._parts: list[str] = []
        self._left = room

    def add(self, part: str) -> bool:
        """Add a part if there is room for it; say whether there was."""
        size = len(part.encode("utf-8", "backslashreplace"))
        if size > self._left:
            return False
        self._left -= size
        self._parts.append(part)
        return True

    def add_all(self, parts: Sequence[str], left: int = 0) -> None:
        """Add parts while there is room, and say how many are left out.

        Args:
            parts: The parts.
            left: How many bytes are to stay free.
        """
        for number, part in enumerate(parts):
            if self._left - len(part.encode("utf-8", "backslashreplace")) < left + 200:
                self.add(f"\n… and {len(parts) - number} more; see the report.\n")
                return
            self.add(part)

    def __str__(self) -> str:
        """Give the text."""
        return "".join(self._parts)


def conversion(report: Report, runner: Runner) -> str:
    """Write the part about finding and converting flows.

    Args:
        report: The report.
        runner: Where the step is.

    Returns:
        Markdown.
    """
    page = Page()
    page.add(f"## Metaflow flows to Prefect\n\n{_numbers(report)}\n\n")
    if report.drift:
        commands = f"{install_command()}\n{report.fix}"
        page.add(
            "The generated files are not up to date. Run this and commit what changes:\n\n"
            f"{markdown.block(commands, 'bash')}\n"
        )
    loud = [one for one in report.flows if one.status != "unchanged"]
    loud.sort(key=lambda one: one.status != "failed")
    quiet = [one for one in report.flows if one.status == "unchanged"]
    for title, flows in (("", loud), (f"{len(quiet)} unchanged", quiet)):
        if flows:
            head = ("Status", "Flow", "Class", "Generated file", "Reason and remedy")
            rows = markdown.table(head, [_cells(one, report, runner) for one in flows])
            page.add(f"<details><summary>{title}</summary>\n\n" if title else "")
            page.add_all(rows, ROOM - ROOM_FOR_ROWS)
            page.add("\n</details>\n\n" if title else "\n")
    _lists(report, page)
    page.add_all([_difference(one) for one in report.changes if one.difference])
    return str(page)


def deployment(report: Report) -> str:
    """Write the part about deployments.

    Args:
        report: The report.

    Returns:
        Markdown.
    """
    page = Page()
    page.add(f"## Deployments to Prefect\n\n{_deployed(report)}\n\n")
    rows = sorted(report.deployments, key=lambda one: one["status"] != "failed")
    if rows:
        cells = [
            (
                markdown.text(one["status"]),
                markdown.code(one["name"]),
                markdown.code(str(one["path"])),
                markdown.text(sentence(one["error"], one["remedy"])),
            )
            for one in rows
        ]
        page.add_all(markdown.table(("Status", "Deployment", "Flow", "Reason and remedy"), cells))
    return f"{page}\n"


def trouble(reason: str) -> str:
    """Write the part about a step that could not be done.

    Args:
        reason: What went wrong and what to do next.

    Returns:
        Markdown.
    """
    return f"## Metaflow flows to Prefect\n\n**Failed**: {markdown.text(reason)}\n\n"


def _deployed(report: Report) -> str:
    if not report.deployments:
        return "Nothing to deploy."
    return _count(one["status"] for one in report.deployments)


def _numbers(report: Report) -> str:
    if not report.flows:
        return "No flows found."
    parts = [_count(_status(one, report) for one in report.flows)]
    if report.changes:
        verb = "changed" if report.mode == "write" else "would change"
        parts.append(f"Generated files that {verb}: {len(report.changes)}.")
    return " ".join(parts)


def _count(statuses: Iterable[str]) -> str:
    counts = Counter(statuses)
    return (
        ", ".join(f"{counts[name]} {name}" for name in sorted(counts)) + "." if counts else "None."
    )


def _status(one: Flow, report: Report) -> str:
    only_asked = one.status == "converted" and report.mode != "write"
    return "would change" if only_asked else one.status


def _cells(one: Flow, report: Report, runner: Runner) -> tuple[str, ...]:
    place = one.path if one.line is None else f"{one.path}:{one.line}"
    return (
        "**failed**" if one.status == "failed" else _status(one, report),
        markdown.link(place, runner.link(one.path, one.line)),
        markdown.code(one.name) if one.name else "",
        markdown.code(one.output) if one.output else "",
        markdown.text(sentence(one.error, one.remedy)),
    )


def _lists(report: Report, page: Page) -> None:
    """Add the files that need a person."""
    for title, files in (
        ("Not removed: the flow is gone, but the file was edited by hand", report.edited),
        ("Not converted: in a notebook; move the class into a .py file", report.notebooks),
    ):
        if files:
            page.add(f"{title}:\n\n")
            page.add_all([f"- {markdown.code(one)}\n" for one in files], 100_000)
            page.add("\n")


def _difference(one: Change) -> str:
    title = f"{markdown.code(one.path)} {DRIFT[one.what]}"
    body = markdown.block(one.difference, "diff")
    return f"<details><summary>{title}</summary>\n\n{body}\n</details>\n\n"
