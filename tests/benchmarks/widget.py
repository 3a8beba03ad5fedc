"""What the widget costs a page: bytes, requests, and time of its main thread in a real browser."""

from __future__ import annotations

import gzip
import statistics
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from infra.widget import SMALL
from tests.browser.conftest import find_chromium
from tests.browser.site import Site

PUBLISHED: Mapping[str, int] = {
    # posthog-js 1.449.2, August 2026: surveys.js, which its core of 121,980 bytes loads.
    "PostHog's surveys.js, without its core of 121,980": 48_696,
    # The head of August 2026, built by us without its style sheets; its loader of 10,133 bytes loads it.
    "Formbricks' surveys, without their loader of 10,133": 259_110,
    # survey-core 3.1.1 and survey-js-ui 2.5.38, without their style sheet of 48,968 bytes; a library of forms.
    "SurveyJS' core and its user interface": 326_526 + 70_261,
}
"""Bytes gzipped of what others load to show a survey in a page."""


class Cost(NamedTuple):
    """What one survey costs the page that shows it.

    Args:
        requests: Of showing it and giving a rating, the script itself left out.
        milliseconds: Of processor time of the page's main thread until the card stands, more than the empty page takes.
    """

    requests: int
    milliseconds: float


def widget_bytes() -> int:
    """The script as it travels."""
    return len(gzip.compress(SMALL.read_bytes(), 9, mtime=0))


def widget_cost(rounds: int) -> Cost | None:
    """Measured in a browser; None where there is none."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            return None
        browser = playwright.chromium.launch(executable_path=path)
        with Site() as site:
            site.page("/empty", "")
            site.page("/shop", site.snippet())
            with_card, without = (
                statistics.median(_measured(browser, site, path, rounds)) for path in ("/shop", "/empty")
            )
            requests = _requests(browser, site)
        browser.close()
    return Cost(requests, with_card - without)


def _measured(browser: Browser, site: Site, path: str, rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        with browser.new_context() as context:
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            page.goto(site.shop + path)
            if path == "/shop":
                _card(page)
            page.wait_for_timeout(400)  # the card's movement is over
            metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
            yield metrics["TaskDuration"] * 1000


def _requests(browser: Browser, site: Site) -> int:
    site.requests.clear()
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(site.shop + "/shop")
        _card(page)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.get_by_role("radio", name="9", exact=True).click()
        page.wait_for_timeout(400)
    return sum("/v1/" in line for line in site.requests)


def _card(page: Page) -> None:
    page.get_by_role("radiogroup").wait_for()
