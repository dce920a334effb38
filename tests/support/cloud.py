"""A server that takes jobs as Kubernetes and AWS Batch do, and fails each of them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

QUEUE = {"jobQueues": [{"computeEnvironmentOrder": [{"computeEnvironment": "here"}]}]}
PLACE = {"computeEnvironments": [{"computeResources": {"type": "EC2"}}]}
KUBERNETES_CONFIG = """
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: "%s"}}]
users: [{name: me, user: {}}]
"""


@dataclass
class Cloud:
    """What the server was asked for.

    Attributes:
        url: Its address.
        jobs: The bodies of all requests for a job, by the kind of job.
    """

    url: str = ""
    jobs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def take(self, kind: str, body: dict[str, Any]) -> None:
        """Keep a request."""
        self.jobs.setdefault(kind, []).append(body)

    def settings(self, folder: Path) -> dict[str, str]:
        """The environment variables that lead clients here; their files are in `folder`."""
        config = folder / "kubeconfig"
        config.write_text(KUBERNETES_CONFIG % self.url, encoding="utf-8")
        return {
            "KUBECONFIG": str(config),
            "METAFLOW_KUBERNETES_NAMESPACE": "here",
            "AWS_ENDPOINT_URL_BATCH": self.url,
            "METAFLOW_BATCH_JOB_QUEUE": "here",
            "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": "arn:aws:iam::1:role/here",
        }

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the server answers to a request."""
        if found := re.fullmatch(r"/apis/batch/v1/namespaces/\w+/jobs(/[\w-]+)?", path):
            if found[1]:
                return {"metadata": {}, "spec": {"template": {}}, "status": {"failed": 1}}
            self.take("kubernetes", body)
            return {"metadata": {"name": "job", "uid": "uid", "namespace": "here"}}
        answers: dict[str, dict[str, Any]] = {
            "/api/v1/namespaces/here/pods": {"items": []},
            "/v1/describejobqueues": QUEUE,
            "/v1/describecomputeenvironments": PLACE,
            "/v1/describejobdefinitions": {"jobDefinitions": []},
            "/v1/registerjobdefinition": {"jobDefinitionArn": "definition"},
            "/v1/submitjob": {"jobId": "job"},
            "/v1/describejobs": {"jobs": [{"status": "FAILED", "stoppedAt": 1, "container": {}}]},
        }
        return answers[path]


@contextmanager
def cloud() -> Iterator[Cloud]:
    """Run the server."""
    found = Cloud()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            path = self.path.partition("?")[0]
            if path in ("/v1/registerjobdefinition", "/v1/submitjob"):
                found.take(path, body)
            answer = json.dumps(found.answer(path, body)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
