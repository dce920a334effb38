"""Attempts of tasks in a process of another engine, such as a worker of Dask.

Plain data comes and goes. The first attempt of a run that reaches the process opens a
host there, which is attached to the run, and which serves all that follow.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefect.logging.configuration import setup_logging
from prefect.settings import PREFECT_API_KEY, PREFECT_API_URL, temporary_settings

from ..start import start_metaflow
from .host_client import Host, HostEnded, adopt_host
from .logs import RunLogs
from .tracebacks import stored_error

BEAT = 2.0  # seconds between two looks at whether the run still goes on
SILENCE = 15.0  # seconds without a sign of life of the flow's process

NOTHING_SAID: dict[str, Any] = {"error": None, "last_words": "", "last_lines": []}

Pulse = Callable[[], Any]  # tells how the run is: what changes, as long as it goes on


class Workplace:
    """This process's host for a run.

    Args:
        job: What the flow's process says of the run.
        pulse: Asks how the run is.
    """

    def __init__(self, job: Mapping[str, Any], pulse: Pulse) -> None:
        self._pulse = pulse
        self._scratch = tempfile.TemporaryDirectory(prefix="metaflow-prefect-")
        own = Path(self._scratch.name, "code")
        own.mkdir()
        folder = Path(job["folder"] or own)
        program = Path(self._scratch.name, "flow_prefect.py")
        program.write_text(job["text"](), encoding="utf-8")
        environment = {**os.environ, **job["environment"]}
        started = start_metaflow(str(program), cwd=folder, env=environment)
        self.host: Host = adopt_host(*started)
        script = folder / job["load"]["script"]  # which may be a whole path
        self.host.load(**{**job["load"], "script": str(script)})
        run = job["run_id"], job["flow_run_id"], job["url"]
        self.hidden = self.host.start(*run, again=True)["metaflow_folder"]
        setup_logging()
        with self.settings(job):
            logger = logging.getLogger("prefect.flow_runs")
            self.logs = RunLogs(logger, job["command"], self.hidden)
        threading.Thread(target=self._watch, daemon=True).start()

    @staticmethod
    def settings(job: Mapping[str, Any]) -> Any:
        """Enter the settings by which this process reaches Prefect's server."""
        known = {PREFECT_API_URL: job["api_url"], PREFECT_API_KEY: job["api_key"]}
        return temporary_settings({key: value for key, value in known.items() if value})

    def _watch(self) -> None:
        """End the host, and the steps with it, when the run does."""
        latest, seen = None, time.monotonic()
        while time.monotonic() - seen < SILENCE:
            now = self._pulse()
            if isinstance(
                now, dict
            ):  # the run is over: how its steps are to be stopped
                self.host.stop(**now)
                break
            if now is not None and now != latest:
                latest, seen = now, time.monotonic()
            time.sleep(BEAT)
        self.host.close()
        self.logs.close()
        self._scratch.cleanup()


class Workplaces:
    """The hosts of this process, one for each run."""

    _known: dict[str, Workplace] = {}  # noqa: RUF012 - of this process
    _opening = threading.Lock()

    @classmethod
    def of(cls, job: Mapping[str, Any], pulse: Pulse) -> Workplace:
        """Return the host for a run, opened if there is none."""
        with cls._opening:
            place = cls._known.get(job["run_id"])
            if place is None or place.host.has_ended():
                place = cls._known[job["run_id"]] = Workplace(job, pulse)
            return place


def attempt_here(
    job: Mapping[str, Any], request: Mapping[str, Any], pulse: Pulse
) -> dict[str, Any]:
    """Run an attempt of a task in this process's host.

    Args:
        job: What the flow's process says of the run.
        request: Which task, which attempt, from which inputs, and who logs.
        pulse: Asks how the run is.

    Returns:
        How it ended, and what it said last if it failed.
    """
    asked = dict(request)
    extra = asked.pop("log")
    try:
        place = Workplaces.of(job, pulse)
    except HostEnded as ended:
        reason = str(ended)
        return {"state": "failed", "code": None, "reason": reason, "said": NOTHING_SAID}
    logger = logging.LoggerAdapter(logging.getLogger("prefect.task_runs"), extra)
    whose = logger, asked["step"], asked["task_id"]
    with place.settings(job), place.logs.of_attempt(*whose) as log:
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
