"""What a step prints, on its way to the log of its task run."""

from __future__ import annotations

import logging
import os
import re
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from prefect import get_client

from .log_records import NO_EMPTY_TRACEBACK, AnyLogger, LeveledLine, RunLog
from .log_shipper import LogShipper
from .scheduler import Unit

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
TRACEBACK = "Traceback (most recent call last):"
LOG_LINES_VARIABLE = "METAFLOW_PREFECT_LOG_LINES"
LOG_LINES = 10_000
LAST_PART = 10  # one of so many lines that Prefect gets is for the last ones
MORE_LINES = (
    "Prefect gets the first {} and the last {} lines of this task. "
    "See the rest with: {}"
)
LOST_LINES = (
    "Prefect's server did not take %d log lines of this run. See what Metaflow keeps "
    "of a step with: %s/STEP"
)


def log_lines_limit() -> int:
    """Return how many lines of a task Prefect gets.

    Raises:
        ValueError: The setting makes no sense; the message says what to do.
    """
    text = os.environ.get(LOG_LINES_VARIABLE, "").strip()
    if not text:
        return LOG_LINES
    if not text.isdecimal() or not int(text):
        raise ValueError(
            f"{LOG_LINES_VARIABLE} is {text!r}. Set it to a number of lines, 1 or more."
        )
    return int(text)


class RunLogs:
    """The logs of all task runs of one flow run.

    Args:
        logger: The logger of the flow run.
        command: The command that shows what Metaflow keeps of the run's output.

    Raises:
        ValueError: A setting makes no sense; the message says what to do.
    """

    def __init__(self, logger: AnyLogger, command: str) -> None:
        self._limit = log_lines_limit()
        self._logger = logger
        self._command = command
        self._common: dict[str, Any] = {}
        self._resources = ExitStack()
        client = get_client(sync_client=True)
        self._shipper = LogShipper(self._resources.enter_context(client))
        logging.getLogger("prefect.task_runs").addFilter(NO_EMPTY_TRACEBACK)

    @contextmanager
    def of_attempt(self, logger: AnyLogger, unit: Unit[Any]) -> Iterator[StepLog]:
        """Yield where what an attempt of a task writes goes.

        Args:
            logger: The logger of its task run.
            unit: The Metaflow task.
        """
        more = f"{self._command}/{unit.step}/{unit.task_id}"
        log = StepLog(RunLog(logger, self._common), self._shipper, self._limit, more)
        try:
            yield log
        finally:
            log.close()

    def add(self, logger: AnyLogger, level: int, text: str) -> None:
        """Log a line of our own, as the logger would.

        Args:
            logger: The logger of a task run.
            level: The level.
            text: The line.
        """
        log = RunLog(logger, self._common)
        if log.takes(level):
            line = (level, text, time.time_ns() // 1_000)
            log.show([line], highlight=True)
            self._shipper.put(log.records([line]))

    def close(self) -> None:
        """Wait for what is still to be sent; say how much Prefect did not get."""
        lost = self._shipper.close()
        self._resources.close()
        if lost:
            self._logger.warning(LOST_LINES, lost, self._command)


class StepLog:
    """Passes what an attempt of a task writes on to its task run's log.

    Standard output is information. Standard error is a warning, unless the line says
    its level itself, as Python's logging does, or belongs to a traceback.

    All lines go to the terminal. Prefect's server gets those within the limit, and the
    last ones always.

    Args:
        log: The log of the task run.
        shipper: Sends records to Prefect's server.
        limit: How many lines the server gets.
        more: The command that shows all of them.
    """

    def __init__(self, log: RunLog, shipper: LogShipper, limit: int, more: str) -> None:
        self._log = log
        self._shipper = shipper
        self._last: deque[LeveledLine] = deque(maxlen=max(1, limit // LAST_PART))
        self._first = self._room = limit - max(1, limit // LAST_PART)
        self._more = more
        self._time = 0
        self._is_cut = False
        self._in_traceback = False
        self.last_error = ""
        self.last_words = ""

    def write(self, lines: Sequence[Sequence[str]], at: float) -> None:
        """Log some lines; wait where Prefect's server does not keep up.

        Args:
            lines: Each with the name of its stream: "stdout", "stderr" or "system".
            at: When they were read, in seconds since 1970.
        """
        leveled: list[LeveledLine] = []
        self._time = max(self._time, int(at * 1e6))
        for stream, text in lines:
            level = self._level(stream, text)
            if self._log.takes(level):
                self._time += 1  # Prefect's pages sort by it
                leveled.append((level, text, self._time))
        self._log.show(leveled)
        self._ship(leveled)
        self._shipper.wait_for_room()

    def close(self) -> None:
        """Send the last lines, too."""
        self._shipper.put(self._log.records(self._last))
        self._last.clear()

    def _ship(self, lines: list[LeveledLine]) -> None:
        sent, kept = lines[: self._room], lines[self._room :]
        self._room -= len(sent)
        assert self._last.maxlen
        if not self._is_cut and len(self._last) + len(kept) > self._last.maxlen:
            self._is_cut = True
            text = MORE_LINES.format(self._first, self._last.maxlen, self._more)
            _, _, micros = next(iter((*self._last, *kept)))
            sent.append((logging.WARNING, text, micros))
        self._last.extend(kept)
        self._shipper.put(self._log.records(sent))

    def _level(self, stream: str, text: str) -> int:
        if stream == "stdout":
            return logging.INFO
        if stream == "system":
            return logging.DEBUG
        if text.strip() and text != "Task failed.":
            self.last_words = text.strip()
        if text.startswith(TRACEBACK):
            self._in_traceback = True
        elif self._in_traceback and text and not text.startswith((" ", "\t")):
            self._in_traceback = False
            self.last_error = text
            return logging.ERROR
        if self._in_traceback:
            return logging.ERROR
        named = LEVEL.match(text[:LEVEL_PLACE])
        return LEVELS[named[1]] if named else logging.WARNING
