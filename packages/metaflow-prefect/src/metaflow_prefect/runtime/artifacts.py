"""Markdown artifacts in Prefect's UI: what a task or run left behind in Metaflow."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.exceptions import PrefectException

from .scheduler import Finish, Unit


class ArtifactPublisher:
    """Creates artifacts in a thread of its own, so that no task waits for them.

    Only the run's has a key. Prefect lists and versions keys, which all flows share:
    with a key for each step, "start" would mix the tasks of all flows, and each of
    them would cost the server twice as much. A task's is on the page of its task run.
    """

    def __init__(self, flow: str, metadata: str, flow_run_id: UUID) -> None:
        self._flow = flow
        self._metadata = metadata
        self._flow_run_id = flow_run_id
        self._waiting: queue.SimpleQueue[ArtifactCreate | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._thread.start()
        self.lost = 0

    def task_finished(self, unit: Unit[Any], finish: Finish, task_run_id: UUID) -> None:
        """Describe a finished task."""
        pathspec = f"{self._flow}/{finish.path}"
        lines = [f"### Metaflow task `{pathspec}`", ""]
        lines += _artifact_list(finish.artifacts)
        lines += _snippet(self._metadata, "Task", pathspec, finish.artifacts)
        text = "\n".join(lines)
        self._put(task_run_id=task_run_id, description=f"{unit}", data=text)

    def run_finished(self, run_id: str, *, succeeded: bool) -> None:
        """Describe the whole run."""
        pathspec = f"{self._flow}/{run_id}"
        outcome = "succeeded" if succeeded else "failed"
        lines = [f"### Metaflow run `{pathspec}` {outcome}", ""]
        lines += _snippet(self._metadata, "Run", pathspec, ())
        key = re.sub(r"[^a-z0-9]+", "-", self._flow.lower()).strip("-") or "flow"
        text = "\n".join(lines)
        self._put(key=key, description=f"Metaflow run {pathspec}", data=text)

    def close(self) -> None:
        """Wait until all artifacts have been created."""
        self._waiting.put(None)
        self._thread.join()

    def _put(self, **fields: Any) -> None:
        self._waiting.put(
            ArtifactCreate(type="markdown", flow_run_id=self._flow_run_id, **fields)
        )

    def _publish(self) -> None:
        import httpx

        with get_client(sync_client=True) as client:
            while (artifact := self._waiting.get()) is not None:
                # `client.create_artifact` would emit an event for each as well.
                fields = artifact.model_dump(mode="json", exclude_unset=True)
                try:
                    client.request("POST", "/artifacts/", json=fields)
                except (httpx.HTTPError, PrefectException):
                    self.lost += 1  # an artifact is no reason to fail a run


def _artifact_list(names: Sequence[str]) -> list[str]:
    if not names:
        return ["It has no artifacts.", ""]
    return ["Artifacts:", "", *(f"- `{name}`" for name in names), ""]


def _snippet(
    metadata: str, kind: str, pathspec: str, names: Sequence[str]
) -> list[str]:
    variable = kind.lower()
    example = f"{variable}.data.{names[0]}" if names else f"{variable}.successful"
    return [
        "```python",
        f"from metaflow import {kind}, metadata, namespace",
        "",
        f"metadata({metadata!r})",
        "namespace(None)",
        f"{variable} = {kind}({pathspec!r})",
        f"print({example})",
        "```",
    ]
