"""A step's log, and the workflow commands in it."""

import re
from dataclasses import dataclass, field

COMMAND = re.compile(r"::(?P<name>[\w-]+)(?: (?P<properties>[^:]*))?::(?P<data>.*)")
# The older form counts wherever it stands in a line.
OLD = re.compile(r"##\[(?P<name>[\w-]+)(?P<properties>[^\]]*)\]")
ANNOTATIONS = ("error", "warning", "notice")
KNOWN = (*ANNOTATIONS, "stop-commands", "group", "endgroup", "debug", "add-mask")


class WorkflowCommandError(Exception):
    """A workflow command that nothing here should print."""


@dataclass(frozen=True)
class Shown:
    """An annotation as GitHub shows it."""

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    title: str | None = None


@dataclass
class Log:
    """What a step printed."""

    text: str = ""
    annotations: list[Shown] = field(default_factory=list)


def read_log(text: str) -> Log:
    """Read what a step printed, as the runner does."""
    log = Log(_masked(text))
    stopped: str | None = None
    for line in text.splitlines():
        found = COMMAND.match(line.lstrip())
        if stopped is not None:
            if found and found["name"] == stopped:
                stopped = None
            continue
        if OLD.search(line):
            raise WorkflowCommandError(f"a command of the older form: {line!r}")
        if found is None:
            continue
        if found["name"] not in KNOWN:
            raise WorkflowCommandError(f"an unexpected command: {line!r}")
        if found["name"] == "stop-commands":
            stopped = found["data"]
        elif found["name"] in ANNOTATIONS:
            log.annotations.append(_annotation(found))
    if stopped is not None:
        raise WorkflowCommandError("commands were stopped for good")
    return log


def _masked(text: str) -> str:
    """Hide what the step itself asked to hide; the runner shows not even that line."""
    secrets = re.findall(r"^::add-mask::(.+)$", text, re.MULTILINE)
    for secret in secrets:
        text = text.replace(_plain(secret), "***")
    return text


def _annotation(found: "re.Match[str]") -> Shown:
    properties = dict(part.split("=", 1) for part in (found["properties"] or "").split(",") if part)
    unknown = set(properties) - {"file", "line", "title"}
    if unknown:
        raise WorkflowCommandError(f"unknown properties: {unknown}")
    plain = {name: _plain(_plain_property(value)) for name, value in properties.items()}
    return Shown(
        kind=found["name"],
        message=_plain(found["data"]),
        file=plain.get("file"),
        line=int(plain["line"]) if "line" in plain else None,
        title=plain.get("title"),
    )


def _plain(text: str) -> str:
    return text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


def _plain_property(text: str) -> str:
    return text.replace("%3A", ":").replace("%2C", ",")
