"""Takes out of a run's text what differs between any two runs, and no more."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")  # of an object in memory, as in its repr
_DATE_TAG = re.compile(r"^date:\d{4}-\d\d-\d\d$")  # two runs may lie before and after midnight
# what Metaflow puts before a line that a decorator such as @timeout logs
_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ", re.MULTILINE)
_FRAME = re.compile(r'^(?P<indent>\s*>?\s*)File "(?P<file>[^"]*)", line \d+, in ')


@dataclass(frozen=True, kw_only=True)
class Normaliser:
    """Knows what one run's folder, id and tasks are called.

    Attributes:
        folder: The folder that the run was started in.
        run_id: Metaflow's id of the run.
        keys: For "step/task id" what the task is called in every run.
    """

    folder: Path
    run_id: str
    keys: Mapping[str, str]

    def text(self, text: str) -> str:
        """The text without what names this run, its folder, or places in memory."""
        for path in {str(self.folder.resolve()), str(self.folder)}:
            text = text.replace(path, "<folder>")
        text = re.sub(re.escape(self.run_id) + r"/(\w+)/([\w.-]+)", self._task, text)
        text = text.replace(self.run_id, "<run>")
        text = _ADDRESS.sub("0x...", text)
        text = _DATE_TAG.sub("date:...", text)
        text = _TIME.sub("<time> ", text)
        return "\n".join(_own_frames(text.split("\n")))

    def value(self, tree: Any) -> str:
        """A readable line for a tree as `probe.py` writes it."""
        if isinstance(tree, str):
            return repr(self.text(tree))
        if isinstance(tree, list):
            if len(tree) == 2 and isinstance(tree[0], str):  # type and content
                return f"{tree[0]} {self.value(tree[1])}"
            return f"[{', '.join(map(self.value, tree))}]"
        return repr(tree)

    def _task(self, match: re.Match[str]) -> str:
        step, task = match.groups()
        return f"<run>/{self.keys.get(f'{step}/{task}', f'{step}/{task}')}"


def _is_own(file: str) -> bool:
    if file.endswith("_prefect.py"):
        return False
    return file.startswith("<folder>") or not ("/" in file or file.startswith("<"))


def _own_frames(lines: list[str]) -> Iterator[str]:
    """Leave out of tracebacks the frames that are not in the flow's folder.

    Through which frames of Metaflow, of the library or of whatever started the process a step was
    reached is no part of what the flow did; and the time limit of @timeout strikes in any of them.
    """
    dropped: str | None = None
    for line in lines:
        frame = _FRAME.match(line)
        if frame:
            dropped = None if _is_own(frame["file"]) else frame["indent"] + "  "
        elif dropped is not None and not line.startswith(dropped):
            dropped = None
        if dropped is None:
            yield line
