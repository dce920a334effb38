"""Attempts of tasks in a process of another engine: a worker of Dask or Ray.

Plain data comes and goes. The first attempt of a run that reaches the process opens a
host there, which is attached to the run, and which serves all that follow.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefect.logging.configuration import setup_logging
from prefect.settings import PREFECT_API_KEY, PREFECT_API_URL, temporary_settings

from ..start import start_metaflow
from .host_client import Host, HostEnded, adopt_host
from .log_records import quiet_failures
from .logs import RunLogs
from .tracebacks import stored_error
from .variables import seconds_setting

BEAT = 2.0  # seconds between two looks at whether the run still goes on
SILENCE = 15.0  # seconds without a sign of life of the flow's process
IDLE_VARIABLE = "METAFLOW_PREFECT_WORKER_IDLE"
IDLE = 300.0  # seconds for which a worker keeps what a run has opened there
LATE = 1.0  # seconds after which attempts of a call do not wait for another one of it

NOTHING_SAID: dict[str, Any] = {"error": None, "last_words": "", "last_lines": []}

Sign = Callable[[], Any]  # tells how the run is: what changes, as long as it goes on
Values = Callable[[], tuple[Callable[[], Mapping[str, Any]], Sign]]
Tell = Callable[[list[dict[str, Any]]], None]


def idle_limit() -> float:
    """Return after how many seconds without a task a worker's host of a run ends.

    Raises:
        ValueError: The setting makes no sense; the message says what to do.
    """
    return seconds_setting(IDLE_VARIABLE, IDLE)


class Workplace:
    """This process's host for a run, opened for an attempt.

    Args:
        job: What the flow's process says of the run.
        sign: Asks how the run is.
    """

    def __init__(self, job: Mapping[str, Any], sign: Sign) -> None:
        self._sign = sign
        self._run_id, self._idle_limit = job["run_id"], job["idle_limit"]
        self._running, self._idle_since = 1, 0.0
        self._counting = threading.Lock()
        self._is_closed = False
        self._scratch = Path(tempfile.mkdtemp(prefix="metaflow-prefect-"))
        own = self._scratch / "code"
        own.mkdir()
        folder = Path(job["folder"] or own)
        program = self._scratch / "flow_prefect.py"
        program.write_text(job["text"], encoding="utf-8")
        environment = {**os.environ, **job["environment"]}
        started = start_metaflow(str(program), cwd=folder, env=environment)
        self.host: Host = adopt_host(*started)
        script = folder / job["load"]["script"]  # which may be a whole path
        attach = {**job["load"]["attach"], "scratch": str(self._scratch)}
        asked = {**job["load"], "script": str(script), "attach": attach}
        try:
            self.host.load(**asked)
        except HostEnded:
            self._remove_scratch()
            raise
        run = job["run_id"], job["flow_run_id"], job["url"]
        self.hidden = self.host.start(*run, again=True)["metaflow_folder"]
        setup_logging()
        quiet_failures()
        known = {PREFECT_API_URL: job["api_url"], PREFECT_API_KEY: job["api_key"]}
        with temporary_settings({key: value for key, value in known.items() if value}):
            logger = logging.getLogger("prefect.flow_runs")
            self.logs = RunLogs(logger, job["command"], self.hidden)
            # To make the settings takes longer than the rest of an attempt.
            self._context = copy_context()
        threading.Thread(target=self._watch, daemon=True).start()

    def _remove_scratch(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Run an attempt with the settings by which the run's server is reached."""
        return self._context.copy().run(_attempt_at, self, asked)

    def begin(self) -> bool:
        """Keep the host for an attempt; return whether it has not ended."""
        with self._counting:
            is_open = not self._is_closed and not self.host.has_ended()
            self._running += is_open
        return is_open

    def end(self) -> None:
        """Let go of it after an attempt."""
        with self._counting:
            self._running -= 1
            self._idle_since = time.monotonic()

    def _is_idle(self) -> bool:
        """Close to further attempts if there was none for long."""
        with self._counting:
            idle = 0.0 if self._running else time.monotonic() - self._idle_since
            self._is_closed = idle > self._idle_limit
        return self._is_closed

    def _seen(self) -> Any:
        """Return the run's sign; nothing if it cannot be seen now."""
        try:
            return self._sign()
        except Exception:  # noqa: BLE001 - of Dask or Ray; `_watch` counts the silence
            return None

    def _watch(self) -> None:
        """End the host, and the steps with it, when the run does."""
        latest, seen = None, time.monotonic()
        while time.monotonic() - seen < SILENCE and not self._is_idle():
            now = self._seen()
            if isinstance(now, dict):  # the run is over
                self.host.stop(**now)
                break
            if now is not None and now != latest:
                latest, seen = now, time.monotonic()
            time.sleep(BEAT)
        self._is_closed = True
        self.host.close()
        self.logs.close()
        self._remove_scratch()
        Workplaces.forget(self._run_id, self)


class Workplaces:
    """The hosts of this process, one for each run."""

    _known: dict[str, Workplace] = {}  # noqa: RUF012 - of this process
    _opening = threading.Lock()

    @classmethod
    @contextmanager
    def of(cls, run_id: str, values: Values) -> Iterator[Workplace]:
        """Yield the host for a run, opened if there is none."""
        with cls._opening:
            place = cls._known.get(run_id)
            if place is None or not place.begin():
                job, sign = values()
                place = cls._known[run_id] = Workplace(job(), sign)
        try:
            yield place
        finally:
            place.end()

    @classmethod
    def forget(cls, run_id: str, place: Workplace) -> None:
        """Let go of a host that has ended."""
        with cls._opening:
            if cls._known.get(run_id) is place:
                del cls._known[run_id]


def attempts_here(
    run_id: str, requests: Sequence[Mapping[str, Any]], values: Values, tell: Tell
) -> list[dict[str, Any]]:
    """Run attempts of tasks in this process's host, one after another.

    An attempt that does not run, or not well, ends this, as whatever it has met may
    concern the others: Dask may have lost the worker that ran them before, and they are
    with another one already; or the run is being stopped.

    Args:
        run_id: The id of the Metaflow run.
        requests: Of each which task, which attempt, from which inputs, and who logs.
        values: Finds what the flow's process says of the run, and how the run is.
        tell: Where there are several, takes the answers so far after a while. From then
            on no other attempt begins.

    Returns:
        How each ended that has begun, and what it said last if it failed.
    """
    answers: list[dict[str, Any]] = []
    changing = threading.Lock()
    is_late = False

    def be_late() -> None:
        nonlocal is_late
        with changing:
            is_late = True
            tell(list(answers))

    timer = threading.Timer(LATE, be_late)
    timer.daemon = True
    if len(requests) > 1:
        timer.start()
    for request in requests:
        answer = _attempt_here(run_id, request, values)
        with changing:
            answers.append(answer)
            if is_late or answer["state"] != "ran":
                break
    timer.cancel()
    return answers


def _attempt_here(
    run_id: str, request: Mapping[str, Any], values: Values
) -> dict[str, Any]:
    with ExitStack() as stack:
        try:
            place = stack.enter_context(Workplaces.of(run_id, values))
        except HostEnded as ended:
            answer = {"state": "failed", "code": None, "reason": str(ended)}
            return {**answer, "said": NOTHING_SAID}
        begun = time.monotonic()
        answer = place.run(dict(request))
        return {**answer, "seconds": time.monotonic() - begun}


def _attempt_at(place: Workplace, asked: dict[str, Any]) -> dict[str, Any]:
    extra = asked.pop("log")
    logger = logging.LoggerAdapter(logging.getLogger("prefect.task_runs"), extra)
    whose = logger, asked["step"], asked["task_id"]
    with place.logs.of_attempt(*whose) as log:
        reply = place.host.attempt(asked, log.write)
        if reply["state"] != "failed":
            return reply
        if reply.pop("gone", False):  # the host; the next attempt opens another one
            reply["lost"] = True
        stored = reply.get("error")
        log.end(
            stored_error(stored, place.hidden) if stored else None,
            (stored or {}).get("trace") or "",
        )
        said = {
            "error": log.error and asdict(log.error),
            "last_words": log.last_words,
            "last_lines": list(log.last_lines),
        }
    return {**reply, "said": said}
