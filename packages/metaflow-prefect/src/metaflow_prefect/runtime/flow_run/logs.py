"""What a step prints, on its way to the log of its task run."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from prefect import get_client

from .log_records import AnyLogger, LeveledLine, RunLog, joined
from .shipper import LogShipper
from .step_lines import Leveled, StepLines
from .tracebacks import StepError

LOG_LINES_VARIABLE = "METAFLOW_PREFECT_LOG_LINES"
LOG_LINES = 10_000
MANY_WAIT = 10_000  # records for which Prefect's server takes some seconds
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
        metaflow_folder: The folder of the Metaflow package.

    Raises:
        ValueError: A setting makes no sense; the message says what to do.
    """

    def __init__(self, logger: AnyLogger, command: str, metaflow_folder: str) -> None:
        self._metaflow_folder = metaflow_folder
        self._limit = log_lines_limit()
        self._logger = logger
        self._command = command
        self._common: dict[str, Any] = {}
        self._resources = ExitStack()
        client = get_client(sync_client=True)
        self._shipper = LogShipper(self._resources.enter_context(client))

    @contextmanager
    def of_attempt(
        self, logger: AnyLogger, step: str, task_id: str
    ) -> Iterator[StepLog]:
        """Yield where what an attempt of a task writes goes.

        Args:
            logger: The logger of its task run.
            step: The step.
            task_id: The id of the Metaflow task.
        """
        more = f"{self._command}/{step}/{task_id}"
        lines = StepLines(self._metaflow_folder)
        records = RunLog(logger, self._common)
        log = StepLog(records, lines, self._shipper, self._limit, more)
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

    All lines go to the terminal. Prefect's server gets those within the limit, and the
    last ones always.

    Args:
        log: The log of the task run.
        lines: Makes records of what is written.
        shipper: Sends records to Prefect's server.
        limit: How many lines the server gets.
        more: The command that shows all of them.
    """

    def __init__(
        self,
        log: RunLog,
        lines: StepLines,
        shipper: LogShipper,
        limit: int,
        more: str,
    ) -> None:
        self._log = log
        self._lines = lines
        self._shipper = shipper
        self._last: deque[LeveledLine] = deque(maxlen=max(1, limit // LAST_PART))
        self._first = self._room = limit - max(1, limit // LAST_PART)
        self._more = more
        self._time = 0
        self._is_cut = False

    def write(self, lines: Sequence[Sequence[str]], at: float) -> None:
        """Log some lines; wait where Prefect's server does not keep up.

        Args:
            lines: Each with the name of its stream: "stdout", "stderr" or "system".
            at: When they were read, in seconds since 1970.
        """
        self._time = max(self._time, int(at * 1e6))
        read = self._lines.read
        self._write([one for stream, text in lines for one in read(stream, text)])
        self._write(self._lines.pause())
        self._shipper.wait_for_room()

    def end(self, error: StepError | None, trace: str) -> None:
        """Log what ended the attempt.

        Args:
            error: The exception that Metaflow has kept of it, if any.
            trace: Its traceback, as Metaflow prints it.
        """
        self._time = max(self._time, int(time.time() * 1e6))
        self._write(self._lines.end(error, trace))

    @property
    def error(self) -> StepError | None:
        """The exception whose traceback the attempt has printed last."""
        return self._lines.error

    @property
    def last_words(self) -> str:
        """The last line on standard error that says anything."""
        return self._lines.last_words

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines on standard error, without the traceback."""
        return tuple(self._lines.last_lines)

    def _write(self, records: Sequence[Leveled]) -> None:
        leveled: list[LeveledLine] = []
        for level, text in records:
            if self._log.takes(level):
                self._time += 1  # Prefect's pages sort by it
                leveled.append((level, text, self._time))
        if leveled:
            self._log.show(leveled)
            self._ship(leveled)

    def close(self) -> None:
        """Send the last lines, too."""
        self._write(self._lines.end())
        self._put(self._last)
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
        self._put(sent)

    def _put(self, lines: Iterable[LeveledLine]) -> None:
        """Send lines, in fewer records where the server does not keep up."""
        if self._shipper.waiting > MANY_WAIT:
            lines = joined(lines)
        self._shipper.put(self._log.records(lines))
