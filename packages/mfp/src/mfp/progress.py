"""How far long work has got: a bar on a terminal, on request plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from mfp.terminal import Verbosity, printable


@contextmanager
def progress(
    total: int, what: str, verbosity: Verbosity = "normal"
) -> Iterator[Callable[[str], None]]:
    """Show on standard error how far the work has got.

    Args:
        total: How many pieces there are.
        what: What is done with them, as `Converting`.
        verbosity: `quiet` shows nothing; only `verbose` writes plain lines, one for each piece.

    Yields:
        What to call when one of them is ready, with what became of it: plain lines have that.
    """
    if verbosity == "quiet" or not sys.stderr.isatty():
        yield _plain_lines(total) if verbosity == "verbose" else lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415  (rich costs 70 ms, needed on a terminal only)
    from rich.progress import Progress  # noqa: PLC0415

    # No thread may run here while processes are forked: so the bar is drawn by hand.
    with Progress(console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(what, total=total)

        def advance(_: str) -> None:
            bar.update(task, advance=1, refresh=True)

        yield advance


def _plain_lines(total: int) -> Callable[[str], None]:
    width, done = len(str(total)), 0

    def advance(text: str) -> None:
        nonlocal done
        done += 1
        click.echo(printable(f"[{done:>{width}}/{total}] {text}"), err=True)

    return advance
