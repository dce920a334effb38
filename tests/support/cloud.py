"""A server that takes jobs as Kubernetes and AWS Batch do, and fails or really runs each."""

import json
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from support.run import LIMIT
from support.s3 import ACCESS

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
# What AWS Batch tells each container; Kubernetes tells what the job refers to.
BATCH_FACTS = ("JOB_ID", "JOB_ATTEMPT", "CE_NAME", "JQ_NAME")
DONE = {"exitCode": 0, "reason": "Completed", "finishedAt": "2030-01-01T00:00:00Z"}
CONTAINER = {"name": "", "image": "", "imageID": "", "ready": False, "restartCount": 0}
POD = {
    "metadata": {"name": "pod"},
    "status": {"containerStatuses": [{**CONTAINER, "state": {"terminated": DONE}}]},
}


@dataclass
class Cloud:
    """What the server was asked for.

    Attributes:
        url: Its address.
        containers: Where each job's container runs, in a folder of its own; if nowhere, jobs fail.
        jobs: The bodies of all requests for a job, by the kind of job.
        succeeded: The kinds of jobs whose latest one has succeeded.
    """

    url: str = ""
    containers: Path | None = None
    jobs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    succeeded: set[str] = field(default_factory=set)

    def take(self, kind: str, body: dict[str, Any]) -> None:
        """Keep a request."""
        self.jobs.setdefault(kind, []).append(body)

    def run(self, kind: str, command: list[str], told: list[dict[str, str]]) -> None:
        """Run the container of a job to its end, if there is a place for it.

        Args:
            kind: The kind of job.
            command: The container's command.
            told: Its environment variables, as the request has them.
        """
        if self.containers is None:
            return
        folder = self.containers / kind
        variables = {one["name"]: one.get("value", "somewhere") for one in told}
        if run_container(folder, command, variables) == 0:
            self.succeeded.add(kind)

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
                state = "succeeded" if "kubernetes" in self.succeeded else "failed"
                return {"metadata": {}, "spec": {"template": {}}, "status": {state: 1}}
            self.take("kubernetes", body)
            (container,) = body["spec"]["template"]["spec"]["containers"]
            self.run("kubernetes", container["command"], container["env"])
            return {"metadata": {"name": "job", "uid": "uid", "namespace": "here"}}
        if path == "/v1/submitjob":
            asked = body["containerOverrides"]
            own = [{"name": f"AWS_BATCH_{name}", "value": "1"} for name in BATCH_FACTS]
            self.run("batch", asked["command"], [*asked["environment"], *own])
        status = "SUCCEEDED" if "batch" in self.succeeded else "FAILED"
        answers: dict[str, dict[str, Any]] = {
            "/api/v1/namespaces/here/pods": {
                "items": [POD] if "kubernetes" in self.succeeded else []
            },
            "/v1/describejobqueues": QUEUE,
            "/v1/describecomputeenvironments": PLACE,
            "/v1/describejobdefinitions": {"jobDefinitions": []},
            "/v1/registerjobdefinition": {"jobDefinitionArn": "definition"},
            "/v1/submitjob": {"jobId": "job"},
            "/v1/describejobs": {"jobs": [{"status": status, "stoppedAt": 1, "container": {}}]},
        }
        return answers[path]


def run_container(folder: Path, command: list[str], told: dict[str, str]) -> int:
    """Run the command of a container in a process that sees nothing of the checkout.

    It sees the packages that are installed, as an image has them, but for those that a link to a
    checkout stands for: Python follows such links by its module `site` only.

    Args:
        folder: An empty folder, to be made.
        command: The command.
        told: Its environment variables.

    Returns:
        Its exit code; its output is in the file `log`.
    """
    program = folder / "bin/python"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    variables = {
        "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "HOME": str(folder),
        "METAFLOW_SKIP_INSTALL_DEPENDENCIES": "1",
        "AWS_EXECUTION_ENV": "here",
        **ACCESS,
        **told,
    }
    with (folder / "log").open("wb") as log:
        return subprocess.run(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=LIMIT,
            check=False,
        ).returncode


@contextmanager
def cloud(containers: Path | None = None) -> Iterator[Cloud]:
    """Run the server.

    Args:
        containers: Where the containers of jobs run; if nowhere, each job fails.
    """
    found = Cloud(containers=containers)

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
