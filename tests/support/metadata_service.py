"""A server that keeps Metaflow's metadata, as its metadata service does, in memory.

Metaflow's own needs PostgreSQL. What its client asks for is in Metaflow's
`plugins/metadata_providers/service.py`.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from typing import Any

Json = dict[str, Any]
VERSION = "2.5.0"
FIRST_NUMBER = 7_000_001  # of runs and tasks, to be told from all other numbers
ID_FIELDS = {"flows": "flow_id", "runs": "run_number", "steps": "step_name", "tasks": "task_id"}
NOTHING: tuple[int, Json] = (404, {"message": "not found"})


@dataclass
class MetadataService:
    """What the service knows.

    Attributes:
        url: Its address.
        objects: Flows, runs, steps and tasks by their paths.
        artifacts: Those of each task.
        metadata: Likewise.
        heartbeats: The paths of which there was a sign of life.
    """

    url: str = ""
    objects: dict[str, Json] = field(default_factory=dict)
    artifacts: dict[str, list[Json]] = field(default_factory=dict)
    metadata: dict[str, list[Json]] = field(default_factory=dict)
    heartbeats: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(FIRST_NUMBER))
    _lock: Lock = field(default_factory=Lock)

    def settings(self) -> dict[str, str]:
        """The environment variables by which Metaflow keeps its metadata here."""
        return {"METAFLOW_DEFAULT_METADATA": "service", "METAFLOW_SERVICE_URL": self.url}

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Answer a request with a status and JSON."""
        with self._lock:
            if path == "/ping":
                return 200, {}
            parent, _, last = path.rpartition("/")
            if method == "GET":
                return self._read(path, parent, last)
            if last == "heartbeat":
                self.heartbeats.add(parent)
                return 200, json.dumps({"wait_time_in_seconds": 10})
            if last == "mutate":
                run = self.objects[parent.removesuffix("/tag")]
                tags = {*run["tags"], *body["tags_to_add"]} - {*body["tags_to_remove"]}
                run["tags"] = sorted(tags)
                return 200, {"tags": run["tags"]}
            if last in ("artifact", "metadata"):
                kept = self.artifacts if last == "artifact" else self.metadata
                kept.setdefault(parent, []).extend(body)
                return 200, {}
            return self._create(path, parent, last, body)

    def _create(self, path: str, parent: str, last: str, body: Json) -> tuple[int, Any]:
        """Make an object: `/flows/F`, `…/run`, `…/steps/S/step`, `…/steps/S/task`."""
        if last in ("run", "task"):
            name = ID_FIELDS[f"{last}s"]
            body[name] = str(body.get(name) or next(self._numbers))
            path = f"{parent}/{last}s/{body[name]}"
        elif last == "step":
            path = parent
        if path in self.objects:
            return 409, {"message": "it exists"}
        self.objects[path] = body
        return 200, self._shown(path, body)

    def _read(self, path: str, parent: str, last: str) -> tuple[int, Any]:
        if path in self.objects:
            return 200, self._shown(path, self.objects[path])
        found = re.fullmatch(r"(.*/tasks/[^/]+)(/artifacts/([^/]+))?(/attempt/(\d+))?", path)
        if last in ID_FIELDS:
            places = re.compile(re.escape(path) + "/[^/]+")
            inside = [one for one in self.objects.items() if places.fullmatch(one[0])]
            return 200, [self._shown(*one) for one in inside]
        if last == "metadata":
            return 200, self.metadata.get(parent, [])
        if last == "artifacts":
            task, _, attempt = parent.partition("/attempt/")
            return 200, self._artifacts(task, attempt)
        if found and found[3]:
            named = [one for one in self._artifacts(found[1], found[5]) if one["name"] == found[3]]
            return (200, named[0]) if named else NOTHING
        return NOTHING

    def _artifacts(self, task: str, attempt: str | None) -> list[Json]:
        kept = self.artifacts.get(task, [])
        wanted = int(attempt) if attempt else max((one["attempt_id"] for one in kept), default=0)
        return [self._shown(task, one) for one in kept if one["attempt_id"] == wanted]

    def _shown(self, path: str, found: Json) -> Json:
        """The object with the tags of its run, as they are now."""
        run = re.match(r"/flows/[^/]+/runs/[^/]+", path)
        tags = self.objects[run[0]] if run else {"tags": [], "system_tags": []}
        return {**found, "tags": tags["tags"], "system_tags": tags["system_tags"]}


@contextmanager
def metadata_service() -> Iterator[MetadataService]:
    """Run the server."""
    service = MetadataService()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PATCH(self) -> None:
            self._answer()

        def _answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            status, answer = service.answer(self.command, self.path.partition("?")[0], body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("METADATA_SERVICE_VERSION", VERSION)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def handle_one_request(self) -> None:
            with suppress(ConnectionError):  # a client has ended without a word
                super().handle_one_request()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
