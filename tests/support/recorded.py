"""What native runs leave behind, recorded: one file for each case, in `tests/native`.

A recording counts for the Metaflow that it was made with; with any other, cases run natively. Where
a run of ours differs from it, the case runs natively too, and that run alone decides.

`hatch run record` makes the recordings.
"""

import hashlib
import json
import platform
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from functools import cached_property
from importlib.metadata import version
from os import environ
from pathlib import Path
from typing import Any, TypeAlias

from support.case import Case
from support.compare import differences
from support.run import FLOWS, native
from support.snapshot import Snapshot, snapshot_of

FOLDER = Path(__file__).resolve().parent.parent / "native"
RENEW = "hatch run record"
# The day of the run, the same for all of xdist's processes.
TODAY = int(environ.setdefault("PYTEST_DAY", str(datetime.now(timezone.utc).toordinal())))
DAYS = 31  # in which each recording is compared with a native run once; odd, as some take turns

# What a recording says of itself.
HERE = {
    "metaflow": version("metaflow"),
    "python": ".".join(platform.python_version_tuple()[:2]),
    "system": sys.platform,
}
_SHARED = "each task"  # the facts that most tasks share, which the others then state
_NO_TASKS = ("command", "run")
_NO_PART_OF_A_RUN = ("id", "group", "ok", "starts")  # of a case
_VERSION = re.compile(r"\b(metaflow|python)_version(:|\W+)\d[\w.+-]*")

Facts: TypeAlias = Mapping[str, str | None]


@dataclass(frozen=True)
class Recording:
    """A native run that was recorded.

    Attributes:
        made: With which versions, on which system, and of what: `HERE` and a case's digest.
        left: What the run left behind, without what differs between patches of Python.
    """

    made: Mapping[str, str]
    left: Snapshot


class NativeAnswer:
    """What the native run of a case leaves behind.

    Args:
        case: The case.
        folder: Where it runs natively, if it must; it does not exist.
        live: Whether it has to run natively, and its recording is to be compared with that.
    """

    def __init__(self, case: Case, folder: Path, *, live: bool) -> None:
        self._case = case
        self._folder = folder
        self._live = live
        self._recording = read(case)

    @cached_property
    def _left(self) -> Snapshot:
        return snapshot_of(native(self._case, self._folder))

    def differences(self, ours: Snapshot) -> list[str]:
        """Tell how a run of ours differs from the native one; a line for each difference."""
        recording = self._recording
        if not (self._live or recording is None) and not differences(
            recording.left, portable(ours)
        ):
            return []
        return differences(self._left, ours) or self._untrue()

    def _untrue(self) -> list[str]:
        """Tell how the recording differs from the native run, if it has to be the same."""
        recording = self._recording
        if recording is None or any(recording.made[name] != HERE[name] for name in HERE):
            return []  # another Python may word an error in another way
        found = differences(portable(self._left), recording.left)
        head = f"The recording is not what a native run leaves; renew it: {RENEW} {self._case}"
        return [head, *found] if found else []


def path_of(case: Case) -> Path:
    """The file of a case's recording."""
    return FOLDER / f"{case}.json"


def read(case: Case) -> Recording | None:
    """Read the recording of a case; None if there is none for the Metaflow that is installed.

    Raises:
        ValueError: It was made from another flow, or for another case.
    """
    path = path_of(case)
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    made = content["made"]
    if made["metaflow"] != HERE["metaflow"]:
        return None
    if made["from"] != digest(case):
        message = f"{path.name} was recorded from another {case.file} or case; renew it: {RENEW}"
        raise ValueError(f"{message} {case}")
    return Recording(made, Snapshot(dict(_expanded(content["left"]))))


def write(case: Case, left: Snapshot) -> None:
    """Record what a native run of the case has left behind."""
    made = {**HERE, "from": digest(case)}
    content = {"left": _compressed(portable(left).facts), "made": made}
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    path_of(case).parent.mkdir(exist_ok=True)
    path_of(case).write_text(text + "\n", encoding="utf-8")


def digest(case: Case) -> str:
    """A hash of all that a native run of the case depends on: the files, and how they are run."""
    found = hashlib.sha256()
    for field in fields(case):
        value = getattr(case, field.name)
        if field.name not in _NO_PART_OF_A_RUN and value != field.default and value:
            found.update(f"{field.name}={value!r}\n".encode())
    for path in sorted(_files(case)):
        found.update(path.relative_to(FLOWS).as_posix().encode() + b"\n" + path.read_bytes())
    return found.hexdigest()[:16]


def in_sample(name: str, day: int) -> bool:
    """Whether a case or a test is one of those that are done without savings that day.

    Args:
        name: The name of the case or test.
        day: The number of a day, as `date.toordinal` counts.
    """
    chosen = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return chosen % DAYS == day % DAYS


def portable(left: Snapshot) -> Snapshot:
    """Take out of a snapshot which versions have made it."""
    return Snapshot(
        {name: _VERSION.sub(r"\1_version\2<version>", value) for name, value in left.facts.items()}
    )


def _files(case: Case) -> Iterator[Path]:
    for name in (*([case.file] if case.source is None else ()), *case.needs):
        path = FLOWS / name
        inside = path.rglob("*") if path.is_dir() else (path,)
        for file in inside:
            kept = not {"__pycache__", ".metaflow"}.intersection(file.parts)
            if kept and file.is_file():
                yield file


def _compressed(facts: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """Facts by what they are about, without those that most tasks share."""
    about: dict[str, dict[str, str | None]] = {}
    for name, text in sorted(facts.items()):
        subject, _, fact = name.partition(": ")
        about.setdefault(subject, {})[fact] = text
    tasks = {subject: found for subject, found in about.items() if _is_task(subject)}
    counts: dict[str, Counter[str | None]] = {}
    for found in tasks.values():
        for fact, value in found.items():
            counts.setdefault(fact, Counter())[value] += 1
    shared: dict[str, str | None] = {}
    for fact, values in counts.items():
        [(common, count)] = values.most_common(1)
        if count > len(tasks) / 2:
            shared[fact] = common
    for subject, found in tasks.items():
        facts_or_none = {**dict.fromkeys(shared), **found}
        about[subject] = {
            fact: one for fact, one in facts_or_none.items() if shared.get(fact) != one
        }
    return {**about, _SHARED: shared} if shared else about


def _expanded(content: dict[str, dict[str, str | None]]) -> Iterator[tuple[str, str]]:
    shared: dict[str, Any] = content.pop(_SHARED, {})
    for subject, found in content.items():
        facts = {**shared, **found} if _is_task(subject) else found
        for fact, value in facts.items():
            if value is not None:
                yield (f"{subject}: {fact}" if fact else subject), value


def _is_task(subject: str) -> bool:
    return subject not in _NO_TASKS and not subject.startswith("file ")
