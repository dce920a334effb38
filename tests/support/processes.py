"""Keeps tests that only read code from starting processes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_STARTS = ("subprocess.Popen", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.system")
_forbidden = False


class ProcessStartedError(Exception):
    """A test that is not marked so has started a process."""


@contextmanager
def no_process() -> Iterator[None]:
    """Let whatever starts a process fail meanwhile, in all threads."""
    global _forbidden  # noqa: PLW0603 - an audit hook cannot be removed, so it has a switch
    _forbidden = True
    try:
        yield
    finally:
        _forbidden = False


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _forbidden and event in _STARTS:
        what = " ".join(map(str, arguments[:2]))
        raise ProcessStartedError(f"{event} {what}: mark the test with @pytest.mark.process")


sys.addaudithook(_audit)
