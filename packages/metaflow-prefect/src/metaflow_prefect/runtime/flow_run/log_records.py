"""The log of a Prefect run: on the terminal, and as records for Prefect's API."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, Union

from prefect.logging.filters import ObfuscateApiKeyFilter
from prefect.logging.handlers import APILogHandler, PrefectConsoleHandler
from prefect.settings import (
    PREFECT_API_KEY,
    PREFECT_LOGGING_TO_API_ENABLED,
    PREFECT_LOGGING_TO_API_MAX_LOG_SIZE,
)

from .scheduler import RunProblem

AnyLogger = Union[logging.Logger, "logging.LoggerAdapter[Any]"]
LeveledLine = tuple[int, str, int]  # level, text, microseconds since 1970

JSON_BYTES = 12  # that a character takes at most
JSON_MORE = 1_000  # bytes that a record takes at most beside its message
# What would move the terminal's cursor; rich leaves it out as well.
CONTROL_CODES = dict.fromkeys((7, 8, 11, 12, 13))
MESSAGE_MARK = "\ue000"
JOINED_LINES = 100  # that one record has at most
JOINED_LENGTH = 10_000  # characters that lines have together at most


class QuietFailures(logging.Filter):
    """Leaves of what Prefect logs about runs what says anything new.

    A failed attempt has logged its traceback, and its state says the same in a line:
    Prefect need not repeat both. Nor need it show where this file has told a worker
    that the run has failed, which the run has logged.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is new."""
        if record.exc_info and record.exc_info[0] is None:
            record.exc_info = None  # would be shown as "NoneType: None"
        if record.exc_info and isinstance(record.exc_info[1], RunProblem):
            return False
        message = str(record.msg)
        return not message.startswith("Task run failed with state: Failed(") or (
            record.levelno != logging.ERROR  # then it tells of a retry
        )


QUIET_FAILURES = QuietFailures()


def quiet_failures() -> None:
    """Keep from the logs of runs what has been said in one line."""
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logging.getLogger(name).addFilter(QUIET_FAILURES)


def joined(lines: Iterable[LeveledLine]) -> list[LeveledLine]:
    """Return neighbouring lines of a level as one, with the time of the first."""
    groups: list[list[LeveledLine]] = []
    length = 0
    for line in lines:
        length += len(line[1])
        if (
            not groups
            or groups[-1][0][0] != line[0]
            or len(groups[-1]) == JOINED_LINES
            or length > JOINED_LENGTH
        ):
            groups.append([])
            length = len(line[1])
        groups[-1].append(line)
    return [
        (group[0][0], "\n".join(text for _, text, _ in group), group[0][2])
        for group in groups
    ]


class RunLog:
    """Writes lines as Prefect's logger of a run does, at a fraction of the cost.

    Prefect's handlers make one record, and what is around its message is then used for
    the others. What a user's own configuration of logging adds, be it a filter, a
    handler or a formatter, gets each line as a record of its own.

    Args:
        logger: The logger of the run.
        common: What the records of all task runs have in common, once one was made.
    """

    def __init__(self, logger: AnyLogger, common: dict[str, Any]) -> None:
        if isinstance(logger, logging.LoggerAdapter):
            self._logger: logging.Logger = logger.logger
            self._extra = dict(logger.extra or {})
        else:
            self._logger, self._extra = logger, {}
        reached = list(_handlers_of(self._logger))
        self._apis = [one for one in reached if isinstance(one, APILogHandler)]
        if not PREFECT_LOGGING_TO_API_ENABLED.value():
            self._apis.clear()
        others = [one for one in reached if not isinstance(one, APILogHandler)]
        self._console = others[0] if len(others) == 1 else None
        ours = (ObfuscateApiKeyFilter, QuietFailures)
        self._secret = PREFECT_API_KEY.value() or ""
        self._is_plain = logging.getLogRecordFactory() is logging.LogRecord and all(
            isinstance(one, ours) for one in self._logger.filters
        )
        longest = PREFECT_LOGGING_TO_API_MAX_LOG_SIZE.value()
        self._longest = (longest - JSON_MORE) // JSON_BYTES
        self._common = common
        self._ids = {"task_run_id": str(self._extra.get("task_run_id"))}

    def takes(self, level: int) -> bool:
        """Return whether lines of a level are logged."""
        return self._logger.isEnabledFor(level)

    # -- on the terminal ------------------------------------------------------------

    def show(self, lines: Sequence[LeveledLine], *, highlight: bool = False) -> None:
        """Write lines on the terminal.

        Args:
            lines: The lines.
            highlight: Whether Prefect's colours may be in their text as well.
        """
        console = self._console
        if (
            type(console) is not PrefectConsoleHandler
            or console.filters
            or (highlight and console.console.is_terminal)
        ):
            for line in lines:
                self._show_record(line)
            return
        parts: list[str] = []
        heads: dict[int, tuple[str, str] | None] = {}
        for line in lines:
            level, text, _ = line
            if level not in heads:
                heads[level] = self._around_message(console, line)
            around = heads[level]
            if around is None or not self._is_plain_text(text):
                _write_console(console, parts)
                self._show_record(line)
            elif level >= console.level:
                shown = text if text.isprintable() else text.translate(CONTROL_CODES)
                parts += (around[0], shown, around[1])
        _write_console(console, parts)

    def _show_record(self, line: LeveledLine) -> None:
        self._logger.handle(self._record(line, send_to_api=False))

    def _around_message(
        self, console: PrefectConsoleHandler, line: LeveledLine
    ) -> tuple[str, str] | None:
        """Return what Prefect writes before and after a message, colours included."""
        level, _, micros = line
        record = self._record((level, MESSAGE_MARK, micros))
        whole = console.format(record)
        if console.console.is_terminal:
            with console.console.capture() as written:
                console.console.print(whole, soft_wrap=True)
            whole = written.get()
        else:
            whole += "\n"
        before, mark, after = whole.rpartition(MESSAGE_MARK)
        return (before, after) if mark and after == "\n" else None

    # -- for the API ----------------------------------------------------------------

    def records(self, lines: Iterable[LeveledLine]) -> list[bytes]:
        """Return what Prefect's own handler would send of lines, as JSON."""
        found = (self._prepared(api, line) for api in self._apis for line in lines)
        return [json.dumps(record).encode() for record in found if record]

    def _prepared(self, api: APILogHandler, line: LeveledLine) -> dict[str, Any] | None:
        level, text, micros = line
        if level < api.level:
            return None
        if (
            type(api) is APILogHandler
            and api.formatter is None
            and not api.filters
            and len(text) <= self._longest
            and self._is_plain_text(text)
        ):
            if not self._common:
                self._common |= _without_size(api.prepare(self._record(line)))
            second = time.gmtime(micros // 1_000_000)
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", second)
            stamp += f".{micros % 1_000_000:06}Z"
            own = {"level": level, "message": text, "timestamp": stamp}
            return self._common | self._ids | own
        record = self._record(line)
        if not self._logger.filter(record) or not api.filter(record):
            return None
        return _without_size(api.prepare(record))

    # -- both -----------------------------------------------------------------------

    def _is_plain_text(self, text: str) -> bool:
        """Return whether no filter of the logger changes a record with this text."""
        return self._is_plain and not (self._secret and self._secret in text)

    def _record(self, line: LeveledLine, **extra: Any) -> logging.LogRecord:
        level, text, micros = line
        more = {**self._extra, **extra}
        name = self._logger.name
        record = self._logger.makeRecord(
            name, level, "", 0, "%s", (text,), None, extra=more
        )
        record.created = micros / 1e6
        record.msecs = float(micros % 1_000_000 // 1_000)
        return record


def _handlers_of(logger: logging.Logger | None) -> Iterable[logging.Handler]:
    """All handlers that records of a logger reach."""
    while logger:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def _write_console(handler: PrefectConsoleHandler, parts: list[str]) -> None:
    """Write text as the handler would, and forget it."""
    if not parts:
        return
    with handler.lock or nullcontext():
        try:
            handler.console.file.write("".join(parts))
            handler.console.file.flush()
        except (OSError, ValueError):  # nobody reads it any more
            pass
    parts.clear()


def _without_size(record: dict[str, Any]) -> dict[str, Any]:
    record.pop("__payload_size__", None)
    return record
