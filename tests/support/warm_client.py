"""Has a Python command run by `warm_commands`: `python -S THIS SOCKET WORDS`.

Whoever starts this takes it for that command: it ends as that does, and passes signals on. It
imports nothing of ours, nor finds it: that would take longer than the rest.
"""

import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def main(path: str, words: Sequence[str]) -> None:
    """Ask for the process, and end as it does."""
    request = {"words": words, "folder": str(Path.cwd()), "variables": dict(os.environ)}
    data = json.dumps(request).encode()
    report, reported = os.pipe()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        socket.send_fds(server, [struct.pack("!Q", len(data))], [0, 1, 2, reported])
        server.sendall(data)
        os.close(reported)
        with os.fdopen(report) as lines:
            pid = int(lines.readline())

            def pass_on(number: int, _: object) -> None:
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(pid, number)

            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, pass_on)
            code = int(lines.readline())
    if code < 0:
        with suppress(OSError):  # of SIGKILL, which has no handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
