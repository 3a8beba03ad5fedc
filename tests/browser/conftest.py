"""A Chromium for the browser tests, and pages that may talk to this machine only.

The browser is, in this order: the one that CHROMIUM names, one on PATH or where macOS keeps it, Playwright's own.
Without any of them the tests are skipped with one line that says how to get one; HEARBACK_REQUIRE_BROWSER=1 makes that
a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ON_MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_HOW_TO_GET_ONE = (
    "no Chromium found: install one (Debian: apt-get install chromium; elsewhere: .venv/bin/playwright install "
    "chromium) or name yours with CHROMIUM=/path/to/chromium"
)


PATIENCE_MS = 60_000
"""A machine may be loaded; what is there at once is seen at once."""
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


def find_chromium(playwright: Playwright) -> str | None:
    """The path of the browser to use.

    Raises:
        pytest.fail.Exception: CHROMIUM names something that cannot be started.
    """
    if named := os.environ.get("CHROMIUM"):
        if not shutil.which(named):
            pytest.fail(f"CHROMIUM={named} is no program that can be started", pytrace=False)
        return named
    on_path = next((path for name in _NAMES if (path := shutil.which(name))), None)
    candidates = [on_path, *_ON_MACOS, playwright.chromium.executable_path]
    return next((path for path in candidates if path and Path(path).exists()), None)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One headless Chromium for all browser tests."""
    path = find_chromium(playwright)
    if path is None:
        give_up = pytest.fail if os.environ.get("HEARBACK_REQUIRE_BROWSER") == "1" else pytest.skip
        give_up(_HOW_TO_GET_ONE)
    running = playwright.chromium.launch(executable_path=path)
    yield running
    running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh context; the test fails if the page asks anything of another machine."""
    foreign: list[str] = []

    def refuse_foreign(route: Route) -> None:
        if urlsplit(route.request.url).hostname in {"127.0.0.1", "localhost"}:
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context = browser.new_context()
    context.route("**/*", refuse_foreign)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    context.close()
    assert not foreign, f"the page asked another machine for {foreign}"
