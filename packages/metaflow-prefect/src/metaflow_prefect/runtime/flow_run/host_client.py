"""The Prefect side's end of the Metaflow process that serves a run."""

from __future__ import annotations

import os
import queue
import re
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..channel import Channel
from .scheduler import RunProblem

TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
INTERNAL = "The Metaflow process of this run ended unexpectedly."


class HostEnded(RunProblem):
    """The Metaflow process has ended when it was still needed.

    Args:
        code: Its exit code.
        output: The last lines that it wrote.
        cause: What has failed in the flow's own file, and in which line.
        shape: The flow's graph and parameters, if it had been loaded so far.
    """

    def __init__(
        self,
        code: int,
        output: Sequence[str],
        cause: str = "",
        shape: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(cause or "\n".join(output) or INTERNAL)
        self.code = code
        self.output = tuple(output)
        self.cause = cause
        self.shape = shape


class Host:
    """A Metaflow process that loads a flow and then serves a run of it.

    Args:
        process: The process, its output being a pipe.
        end: The socket to it.
    """

    def __init__(self, process: subprocess.Popen[Any], end: socket.socket) -> None:
        self._process = process
        self._channel = Channel(end)
        self._replies: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._counting = threading.Lock()
        self._count = 0
        self._output: list[str] = []
        self._echo: Callable[[str], None] | None = None
        self._echoing = threading.Lock()
        self._warn: Callable[[str], None] = lambda text: print(text, file=sys.stderr)
        # A process that the flow has started may hold the output open for longer.
        self._gone, self._leaver = socket.socketpair()
        self.asked: dict[str, Any] = {}
        self.loaded: dict[str, Any] | None = None
        self._readers = [
            threading.Thread(target=self._read_messages, daemon=True),
            threading.Thread(target=self._read_output, daemon=True),
        ]
        for thread in self._readers:
            thread.start()

    # -- the run's life ---------------------------------------------------------

    def load(
        self,
        script: str,
        flow: str,
        arguments: Sequence[str],
        configs: Mapping[str, Any],
        resumed: bool,
        launcher: str,
        preload: Sequence[str],
        attach: Mapping[str, Any] | None = None,
    ) -> None:
        """Have the flow loaded and checked, its parameters read.

        Args:
            script: The flow's file.
            flow: The name of its class.
            arguments: What follows the file on Metaflow's command line.
            configs: The values of the flow's configs.
            resumed: Whether the run is resumed, and has the configs of its origin.
            launcher: How steps are started, "warm" or "fresh".
            preload: Modules that a warm process imports before it forks.
            attach: Of a run that another process has made: the namespace of its steps.

        Raises:
            HostEnded: Metaflow refused the flow or the arguments, and said why.
        """
        self.asked = {
            "script": script,
            "flow": flow,
            "arguments": list(arguments),
            "configs": dict(configs),
            "resumed": resumed,
            "launcher": launcher,
            "preload": list(preload),
            "attach": attach,
        }
        self._send(kind="load", **self.asked)
        self.loaded = self._event("loaded")

    def start(
        self, run_id: str, flow_run_id: str, url: str | None, *, again: bool
    ) -> dict[str, Any]:
        """Make the Metaflow run.

        Args:
            run_id: Its id.
            flow_run_id: The id of the Prefect flow run that it belongs to.
            url: Prefect's page of it, if there is one.
            again: Whether this flow run has been tried before.

        Returns:
            Where its parameters are.

        Raises:
            HostEnded: Metaflow could not make it.
        """
        self._send(
            kind="start",
            run_id=run_id,
            flow_run_id=flow_run_id,
            flow_run_url=url,
            again=again,
        )
        return self._event("started")

    def package(self) -> dict[str, Any]:
        """Keep the flow's code in the run's datastore.

        Returns:
            Where it is.
        """
        self._send(kind="package")
        found = self._event("packaged")
        return {name: value for name, value in found.items() if name != "kind"}

    def attempt(
        self,
        request: dict[str, Any],
        on_lines: Callable[[list[list[str]], float], None],
    ) -> dict[str, Any]:
        """Run an attempt of a task.

        Args:
            request: Which task, which attempt, and from which inputs.
            on_lines: Called with what the task writes, as it writes it, and when. A
                task that writes faster than this returns has to wait.

        Returns:
            How it ended.
        """
        replies: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        with self._counting:
            self._count += 1
            number = self._count
        self._replies[number] = replies
        try:
            self._send(kind="attempt", request=number, **request)
            while True:
                message = replies.get()
                if message["kind"] != "lines":
                    return message
                on_lines(message["lines"], message["at"])
                with suppress(OSError):  # it is gone; so its last reply says
                    self._channel.send({"kind": "taken", "request": number})
        finally:
            del self._replies[number]

    def finish(self, **message: Any) -> int:
        """End the run, stopping what still runs, and wait for the process to end.

        Returns:
            The process's exit code.
        """
        try:
            self._send(kind="finish", **message)
        except HostEnded:
            pass  # it is gone already; its exit code says how
        return self._ended()

    def stop(self, number: int | None, grace: float) -> None:
        """Stop what still runs of a run that another process has made.

        Args:
            number: The signal that it gets first, if any.
            grace: The seconds that it has to end.
        """
        try:
            self._send(kind="stop", signal=number, grace=grace)
        except HostEnded:
            return
        self._ended()

    def has_ended(self) -> bool:
        """Return whether the process has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """Let go of the process, which ends with all that it has started."""
        self._channel.end()
        self._ended()

    def echo(self, write: Callable[[str], None], warn: Callable[[str], None]) -> None:
        """Pass on what the process writes from now on, and has written so far.

        Args:
            write: Takes its lines.
            warn: Takes what it says of itself, such as that it has to wait.
        """
        self._warn = warn
        with self._echoing:
            for line in self._output:
                write(line)
            self._output.clear()
            self._echo = write

    # -- messages ---------------------------------------------------------------

    def _send(self, **message: Any) -> None:
        try:
            self._channel.send(message)
        except OSError as error:
            raise self._failure() from error

    def _event(self, kind: str) -> dict[str, Any]:
        message = self._events.get()
        if message is None or message["kind"] != kind:
            raise self._failure(message)
        return message

    def _failure(self, message: dict[str, Any] | None = None) -> HostEnded:
        ended = self._ended()
        found = message or {"code": ended}
        cause, shape = found.get("cause", ""), found.get("shape")
        return HostEnded(found["code"], self._output, cause, shape)

    def _ended(self) -> int:
        """Wait for the end of the process; return its exit code."""
        self._readers[0].join()
        code = self._process.wait()
        self._leaver.close()
        self._readers[1].join()
        self._channel.close()
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def _read_messages(self) -> None:
        while True:
            message, _ = self._channel.receive()
            if message is None:
                break
            if message["kind"] in ("lines", "reply"):
                self._replies[message["request"]].put(message)
            elif message["kind"] == "notice":
                self._warn(message["text"])
            else:
                self._events.put(message)
        self._events.put(None)
        gone: dict[str, Any] = {
            "kind": "reply",
            "state": "failed",
            "code": None,
            "gone": True,
        }
        gone["reason"] = INTERNAL.rstrip(".")
        for replies in list(self._replies.values()):
            replies.put(gone)

    def _read_output(self) -> None:
        """Read what the process writes, until it has ended or has closed its output."""
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        started: list[bytes] = []  # of a line whose end is still to come
        with selectors.DefaultSelector() as selector, self._gone:
            selector.register(output, selectors.EVENT_READ)
            selector.register(self._gone, selectors.EVENT_READ)
            while output in {key.fd for key, _ in selector.select()}:
                data = os.read(output, 1 << 16)
                if not data:
                    break
                *lines, rest = data.split(b"\n")
                for line in lines:
                    self._say(b"".join((*started, line)))
                    started = []
                started.append(rest)
        self._say(b"".join(started))

    def _say(self, line: bytes) -> None:
        text = TERMINAL_CODES.sub("", line.decode(errors="replace")).rstrip()
        if not text:
            return
        with self._echoing:
            if self._echo is None:
                self._output.append(text)
            else:
                self._echo(text)


def adopt_host(
    process: subprocess.Popen[Any], ours: socket.socket, theirs: socket.socket
) -> Host:
    """Take over a Metaflow process that has just been started.

    Args:
        process: The process.
        ours: This side's end of the socket to it.
        theirs: The process's end, which it has inherited.
    """
    theirs.close()
    return Host(process, ours)
