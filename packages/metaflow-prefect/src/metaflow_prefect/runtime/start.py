"""Start the process that imports Metaflow and serves a run."""

from __future__ import annotations

import socket
from subprocess import PIPE, STDOUT, Popen
from typing import Any

from .early import HOST


def start_metaflow(
    path: str, **settings: Any
) -> tuple[Popen[bytes], socket.socket, socket.socket]:
    """Start a process that imports Metaflow.

    Args:
        path: The generated file.
        settings: Its folder and environment, if they are others, as `Popen` takes them.

    Returns:
        The process, this side's end of the socket to it, and the other end, which the
        process has inherited.
    """
    ours, theirs = socket.socketpair()
    command = [*HOST, path, "run"]
    process = Popen(
        command, stdin=theirs.fileno(), stdout=PIPE, stderr=STDOUT, **settings
    )
    return process, ours, theirs
