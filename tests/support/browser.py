"""A person who looks at Prefect's pages, in the Chromium that is installed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
WHY_NOT = "needs Debian's chromium, which .ci/run installs"
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-3d-apis",  # as the graph of a run, which is in motion, would take most of the time
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIMIT = 60_000.0  # milliseconds that a page may take to show something


@contextmanager
def browser_page(width: int = 1280, height: int = 900) -> Iterator[Page]:
    """Yield a page of a browser that knows nothing yet."""
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=OPTIONS,
            viewport={"width": width, "height": height},
        )
        browser.set_default_timeout(LIMIT)
        expect.set_options(timeout=LIMIT)
        try:
            yield browser.pages[0]
        finally:
            browser.close()
