"""Has a Python command run by `warm_commands`: `python -S THIS SOCKET WORDS`.

Whoever starts this takes it for that command: it ends as that does, and passes signals on. It
imports nothing of ours, nor finds it, and hardly anything that is not built in: that would take
longer than the rest.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import marshal
import os
import sys
from io import FileIO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIZE = 8  # bytes in which a request's own size comes before it
_FILE = 4  # and those of a file's number


def ask(
    path: str,
    words: Sequence[str],
    folder: str,
    variables: Mapping[str, str],
    streams: Sequence[int],
    *,
    stays: bool = False,
) -> tuple[socket.socket, FileIO]:
    """Have a process forked.

    Args:
        path: The socket.
        words: What follows `python`.
        folder: Where it runs.
        variables: Its environment.
        streams: Its standard streams.
        stays: Whether it lives on when the connection is closed.

    Returns:
        The connection, and what first its process id and then its exit code are written to.
    """
    request = {"words": [*words], "folder": folder, "variables": {**variables}, "stays": stays}
    data = marshal.dumps(request)
    report, reported = os.pipe()
    files = b"".join(one.to_bytes(_FILE, sys.byteorder) for one in (*streams, reported))
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    server.sendmsg(
        [len(data).to_bytes(SIZE, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)]
    )
    server.sendall(data)
    os.close(reported)
    return server, FileIO(report)  # unbuffered, so that it can be waited for


def main(path: str, words: Sequence[str]) -> None:
    """Ask for the process, and end as it does."""
    folder = os.getcwd()  # noqa: PTH109 - no pathlib here
    _server, report = ask(path, words, folder, os.environ, (0, 1, 2))
    pid = int(report.readline())

    def pass_on(number: int, _: object) -> None:
        try:  # noqa: SIM105 - no contextlib here
            os.kill(pid, number)
        except ProcessLookupError:  # it has just ended
            pass

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    code = int(report.readline())
    if code < 0:
        if -code != signal.SIGKILL:  # which has no handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
