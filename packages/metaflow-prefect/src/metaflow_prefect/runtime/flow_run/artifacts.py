"""Markdown artifacts in Prefect's UI: what a task or run left behind in Metaflow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.exceptions import PrefectException

from .scheduler import Finish, Unit

AT_ONCE = 4  # a busy server answers late, but answers many at once


class ArtifactPublisher:
    """Creates artifacts in threads of its own, so that no task waits for them.

    One for each step, when its first task has finished, and one for the run. Not one
    for each task: a foreach's would bury the others in the run's list, and cost the
    server a fifth of its work for a task.

    Only the run's has a key. Prefect lists and versions keys, which all flows share:
    with a key for each step, "start" would mix the steps of all flows.
    """

    def __init__(self, flow: str, metadata: str, flow_run_id: UUID) -> None:
        self.flow = flow
        self._metadata = metadata
        self._flow_run_id = flow_run_id
        self._resources = ExitStack()
        client = get_client(sync_client=True)
        self._client = self._resources.enter_context(client)
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._described: dict[str, Unit[Any]] = {}

    def task_finished(self, unit: Unit[Any], finish: Finish, task_run_id: UUID) -> None:
        """Describe a step, if this is its first task to finish."""
        if self._described.setdefault(unit.step, unit) is not unit:
            return
        pathspec = f"{self.flow}/{finish.path}"
        kind = "Task"
        if unit.indices or unit.iteration is not None:
            pathspec, kind = pathspec.rpartition("/")[0], "Step"
        lines = [f"### Metaflow {kind.lower()} `{pathspec}`", ""]
        lines += _artifact_list(finish.artifacts)
        lines += _snippet(self._metadata, kind, pathspec, finish.artifacts)
        self._put(
            task_run_id=task_run_id,
            description=unit.step,
            data="\n".join(lines),
        )

    def run_finished(self, run_id: str, *, succeeded: bool) -> None:
        """Describe the whole run."""
        pathspec = f"{self.flow}/{run_id}"
        outcome = "succeeded" if succeeded else "failed"
        lines = [f"### Metaflow run `{pathspec}` {outcome}", ""]
        lines += _snippet(self._metadata, "Run", pathspec, ())
        key = re.sub(r"[^a-z0-9]+", "-", self.flow.lower()).strip("-") or "flow"
        text = "\n".join(lines)
        self._put(key=key, description=f"Metaflow run {pathspec}", data=text)

    def close(self) -> None:
        """Wait until all artifacts have been created."""
        self._threads.shutdown()
        self._resources.close()

    def _put(self, **fields: Any) -> None:
        artifact = ArtifactCreate(
            type="markdown", flow_run_id=self._flow_run_id, **fields
        )
        self._threads.submit(self._publish, artifact)

    def _publish(self, artifact: ArtifactCreate) -> None:
        import httpx

        # `client.create_artifact` would emit an event for each as well.
        content = artifact.model_dump(mode="json", exclude_unset=True)
        with suppress(httpx.HTTPError, PrefectException):  # no reason to fail a run
            self._client.request("POST", "/artifacts/", json=content)


def _artifact_list(names: Sequence[str]) -> list[str]:
    if not names:
        return ["It has no artifacts.", ""]
    return ["Artifacts:", "", *(f"- `{name}`" for name in names), ""]


def _snippet(
    metadata: str, kind: str, pathspec: str, names: Sequence[str]
) -> list[str]:
    variable = "task" if kind == "Step" else kind.lower()
    value = f"{variable}.data.{names[0]}" if names else f"{variable}.successful"
    lines = [
        "```python",
        f"from metaflow import {kind}, metadata, namespace",
        "",
        f"metadata({metadata!r})",
        "namespace(None)",
    ]
    if kind == "Step":
        lines += [f"for task in Step({pathspec!r}):", f"    print(task.id, {value})"]
    else:
        lines += [f"{variable} = {kind}({pathspec!r})", f"print({value})"]
    return [*lines, "```"]
