"""What a step prints, as records for its task run's log: their levels and texts."""

from __future__ import annotations

import logging
import re
from collections import deque

from .tracebacks import CHAINED, TRACEBACK, StepError, printed_error

Leveled = tuple[int, str]

LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}
# Only the beginning of a line is looked at, so that no line takes long.
LEVEL_PLACE = 64  # characters
LEVEL = re.compile(
    r"\W{0,2}(?:[\d:., T-]{1,40}\W{1,4})?(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b"
)
CAUGHT_PREFIX = ">  "  # what `@catch` prints before each line of a traceback
METAFLOW_SAYS = ("<flow ", "> failed:")  # its line before an exception's traceback
METAFLOW_HEAD = "    Internal error"
METAFLOW_LAST = "Task failed."
MOST_LINES = 2_000  # of a traceback; further lines are records of their own
LAST_LINES = 20


class StepLines:
    """Makes records of lines: a traceback is one, whatever prints it.

    Standard output is information. Standard error is a warning, unless the line says
    its level itself, as Python's logging does. A traceback is an error, and of one that
    `@catch` prints a warning. When Metaflow tells that a step has failed, what follows
    is kept until the attempt's end: then it is known which exception it was.

    Args:
        hidden: The folder of the Metaflow package, whose frames are left out.
    """

    def __init__(self, hidden: str = "") -> None:
        self._hidden = hidden
        self._trace: list[str] = []
        self._prefix = ""
        self._has_ended = False  # its last line has come, unless another one follows
        self._failing: list[str] | None = None
        self.error: StepError | None = None
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)

    @property
    def last_words(self) -> str:
        """The last line on standard error that says anything."""
        return next((line.strip() for line in reversed(self.last_lines)), "")

    def read(self, stream: str, text: str) -> list[Leveled]:
        """Return the records that are complete with this line.

        Args:
            stream: "stdout", "stderr" or what Metaflow's runtime says: "system".
            text: The line.
        """
        if stream == "stdout":
            return [*self.pause(), (logging.INFO, text)]
        if stream == "system" or text == METAFLOW_LAST:
            return [(logging.DEBUG, text)]
        if self._failing is not None and len(self._failing) < MOST_LINES:
            self._failing.append(text)
            return []
        if _tells_of_failure(text):
            found = self.flush()
            self._failing = [text]
            return found
        self._keep(text)
        return self._read_error(text)

    def pause(self) -> list[Leveled]:
        """Return the record of a traceback that seems to have come to its end."""
        return self.flush() if self._has_ended else []

    def flush(self) -> list[Leveled]:
        """Return the record of a traceback whose end nobody knows, as it is."""
        if not self._trace:
            return []
        lines = [line.removeprefix(self._prefix) for line in self._trace]
        blanks = 0
        while not lines[-1].strip():
            lines.pop()
            blanks += 1
        found = printed_error(lines, self._hidden)
        level = logging.WARNING if self._prefix else logging.ERROR
        if level == logging.ERROR:
            self.error = found
        self._trace, self._prefix, self._has_ended = [], "", False
        return [(level, found.trace), *[(logging.WARNING, "")] * blanks]

    def end(self, error: StepError | None = None, trace: str = "") -> list[Leveled]:
        """Return the last records of an attempt.

        Args:
            error: The exception that Metaflow has kept of it, if any.
            trace: Its traceback, as Metaflow prints it.
        """
        failing, self._failing = self._failing or [], None
        if error is None or not error.trace:
            for text in failing[1:]:
                self._keep(text)
            found = [one for text in failing for one in self._read_error(text)]
            return [*found, *self.flush()]
        rest = _beside_traceback(failing[1:], trace)
        for text in rest:
            self._keep(text)
        found = [*self.flush(), (logging.ERROR, error.trace)]
        found += [one for text in rest for one in self._read_error(text)]
        return [*found, *self.flush()]

    def _read_error(self, text: str) -> list[Leveled]:
        if not self._trace:
            for prefix in ("", CAUGHT_PREFIX):
                if text.startswith(prefix + TRACEBACK):
                    self._trace, self._prefix = [text], prefix
                    return []
            return [(self._level(text), text)]
        if self._belongs(text) and len(self._trace) < MOST_LINES:
            self._trace.append(text)
            return []
        return [*self.flush(), *self._read_error(text)]

    def _belongs(self, text: str) -> bool:
        """Return whether a line is part of the traceback that is being read."""
        if self._prefix:
            return text.startswith(self._prefix.rstrip())
        if not self._has_ended:
            self._has_ended = bool(text[:1].strip())
            return True
        if not text or text in CHAINED:
            return True
        if text.startswith(TRACEBACK) and any(x in CHAINED for x in self._trace[-2:]):
            self._has_ended = False
            return True
        return False

    def _keep(self, text: str) -> None:
        if text.strip():
            self.last_lines.append(text)

    def _level(self, text: str) -> int:
        named = LEVEL.match(text[:LEVEL_PLACE])
        return LEVELS[named[1]] if named else logging.WARNING


def _tells_of_failure(text: str) -> bool:
    return text.startswith(METAFLOW_SAYS[0]) and text.endswith(METAFLOW_SAYS[1])


def _beside_traceback(lines: list[str], trace: str) -> list[str]:
    """Return what a failing step has printed beside the traceback of its exception.

    Metaflow prints it with more frames than it keeps, and leaves asterisks out.

    Args:
        lines: What was printed.
        trace: The traceback that was kept.
    """
    kept = trace.replace("*", "").rstrip().splitlines()
    heads = [place for place, line in enumerate(kept) if line.startswith(TRACEBACK)]
    tail = [line.rstrip() for line in kept[heads[-1] + 1 :]] if heads else kept
    printed = [line.replace("*", "").rstrip() for line in lines]
    begins = [i for i, line in enumerate(printed) if TRACEBACK in line]
    if not begins or not tail:
        return lines
    for place in range(begins[0], len(printed) - len(tail) + 1):
        if printed[place] == tail[0] and printed[place : place + len(tail)] == tail:
            # those before are of others, such as of another node of `@parallel`
            own = [i for i in begins if i < place][-max(1, len(heads)) :]
            first = own[0] if own else begins[0]
            after = place + len(tail)
            if printed[after : after + 1] == [""]:
                after += 1
            first -= lines[first - 1 : first] == [METAFLOW_HEAD]
            first -= any(map(_tells_of_failure, lines[first - 1 : first]))
            return lines[:first] + lines[after:]
    return lines
