"""Every type of question that the widget asks, by mouse and by keyboard, on a small phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.site import Site
from tests.browser.widget import CHOICE, EVERY_TYPE, RATED, TEXT, eventually, rate

SMALL: ViewportSize = {"width": 320, "height": 568}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def fits(page: Page) -> None:
    """Every target can be hit, and nothing sticks out of a screen of 320 pixels."""
    for box in (target.bounding_box() for target in page.locator("hearback-survey button").all()):
        assert box is not None
        assert box["width"] >= 24 and box["height"] >= 24
        assert box["x"] >= 0 and box["x"] + box["width"] <= 320
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.slow
def test_each_type_is_answered_by_mouse_and_by_keyboard_on_a_small_phone(page: Page, site: Site) -> None:
    page.set_viewport_size(SMALL)
    for asked, name, value in EVERY_TYPE.values():
        for by in ("mouse", "keyboard"):
            site.clear()
            site.asks(asked)
            page.goto(site.page("/shop", site.snippet()))
            target = page.get_by_role("radio", name=name, exact=True)
            expect(target).to_be_visible()
            fits(page)
            if by == "mouse":
                target.click()
            else:
                page.keyboard.press("Tab")
                for _ in range(asked.ratings.index(value)):
                    page.keyboard.press("ArrowDown")
                expect(target).to_be_focused()
                page.keyboard.press("Space")
            eventually(page, lambda: len(site.responses()) == 1)
            (response,) = site.responses()
            assert response["ratings"] == {"asked": {"scale": asked.scale.value, "value": value}}, (name, by)


def test_a_choice_and_a_text_fit_a_small_phone_too(page: Page, site: Site) -> None:
    page.set_viewport_size(SMALL)
    site.clear()
    site.asks(RATED, CHOICE, TEXT)
    page.goto(site.page("/shop", site.snippet()))
    rate(page, 3)
    fits(page)
    page.get_by_role("radio", name="A search engine").click()
    fits(page)
    page.get_by_label("What could be better?").fill("The ink")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("Thank you. This helps.")
    eventually(page, lambda: len(site.responses()) == 3)
    last = site.responses()[-1]
    assert {name: given["value"] for name, given in last["ratings"].items()} == {"recommend": 3, "found_by": 2}
    assert last["texts"] == {"why": "The ink"}
