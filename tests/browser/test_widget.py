"""The widget in a real browser: an answer once given arrives and counts once, whatever happens to page and network."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.domain.surveys import Question, Scale
from tests.browser.site import BROKEN, GATEWAY, LOST, SURVEY, Site, Stored, ratings

PATIENCE_SECONDS = 60


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def eventually(page: Page, true: Callable[[], bool]) -> None:
    """Wait until something is true, while the browser goes on."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        page.wait_for_timeout(25)


def rate(page: Page, rating: int) -> None:
    page.get_by_role("radio", name=str(rating), exact=True).click()


def outbox(page: Page) -> list[str]:
    return list(page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('hearback:'))"))


def quick_retries(page: Page) -> None:
    """Back-off at a hundredth of its length: what is tested is that it comes, not how long a second is."""
    page.add_init_script("const real = setTimeout; window.setTimeout = (run, wait, ...rest) => real(run, wait / 100)")


def test_a_rating_leaves_at_the_click_and_a_comment_follows_as_the_next_revision(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet()))
    rate(page, 3)
    eventually(page, lambda: ratings(site.stored().values()) == [3])
    page.get_by_label("What is the main reason for your rating?").fill("Too late <b>again</b>")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("Thank you. This helps.")
    eventually(page, lambda: list(site.stored().values()) == [Stored(3, "Too late <b>again</b>", 2, "en")])
    eventually(page, lambda: outbox(page) == [])


def test_to_show_costs_one_request_and_to_answer_one_without_a_preflight(browser: Browser, site: Site) -> None:
    with browser.new_context() as context:  # Not `page`: where requests are intercepted, no preflight is ever sent.
        page = context.new_page()
        page.goto(site.page("/shop", site.snippet()))
        rate(page, 9)
        eventually(page, lambda: len(site.stored()) == 1)
    to_api = [line.split("?")[0] for line in site.requests if "/v1/" in line]
    assert to_api == ["GET /v1/surveys/checkout/widget", "POST /v1/surveys/checkout/responses"]


def test_a_changed_mind_is_the_same_response_at_a_higher_revision(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet()))
    rate(page, 3)
    rate(page, 9)
    eventually(page, lambda: list(site.stored().values()) == [Stored(9, None, 2, "en")])
    expect(page.get_by_role("radio", name="9", exact=True)).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("radio", name="3", exact=True)).to_have_attribute("aria-checked", "false")


@pytest.mark.parametrize(
    ("scale", "pressed", "rating"), [(Scale.CSAT_3, "🙂", 3), (Scale.EXPECTATION, "Worse than expected", 1)]
)
def test_a_scale_of_words_or_faces_sends_its_rating(page: Page, scale: Scale, pressed: str, rating: int) -> None:
    question = Question(id="asked", scale=scale, text={"en": "How was it?"})
    with Site(SURVEY.model_copy(update={"questions": (question,)})) as site:
        page.goto(site.page("/shop", site.snippet()))
        page.get_by_role("radio", name=pressed, exact=True).click()
        eventually(page, lambda: len(site.queue.sent) == 1)
        given = site.queue.sent[-1].message.model_dump()["response"]["ratings"]
    assert given == {"asked": {"scale": scale, "value": rating}}


def test_the_keyboard_alone_is_enough(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", "<a href=#>before</a>" + site.snippet()))
    expect(page.get_by_role("radiogroup", name="How likely are you to recommend us to a friend?")).to_be_visible()
    page.get_by_text("before").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="0", exact=True)).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.get_by_role("radio", name="10", exact=True)).to_be_focused()
    assert site.posts() == 0, "moving among the ratings gives none"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("kind people")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    eventually(page, lambda: list(site.stored().values()) == [Stored(10, "kind people", 2, "en")])
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("hearback-survey")).to_have_count(0)


def test_a_request_with_an_answer_outlives_its_page(page: Page, site: Site) -> None:
    page.add_init_script(
        "const real = fetch; fetch = (to, how) => ((window.kept ??= []).push(how.keepalive === true), real(to, how))"
    )
    page.goto(site.page("/shop", site.snippet()))
    rate(page, 9)
    assert page.evaluate("kept") == [False, True], "the questions may be forgotten, the answer not"


def test_a_tab_closed_right_after_the_click_loses_nothing(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet()))
    page.get_by_role("radio", name="4", exact=True).evaluate("button => { button.click(); window.close() }")
    other = page.context.new_page()
    page.close()
    eventually(other, lambda: ratings(site.stored().values()) == [4])
    other.goto(site.shop + "/shop")
    expect(other.get_by_role("radiogroup")).to_be_visible()
    eventually(other, lambda: outbox(other) == [])
    assert ratings(site.stored().values()) == [4]


@pytest.mark.parametrize(
    "faults", [[500], [503, 500], [429, 429], [408], [GATEWAY + 429], [BROKEN], [LOST], [LOST, 500, BROKEN]]
)
def test_after_any_fault_the_answer_goes_again_and_counts_once(page: Page, site: Site, faults: list[int]) -> None:
    quick_retries(page)
    site.faults.extend(faults)
    page.goto(site.page("/shop", site.snippet()))
    rate(page, 2)
    eventually(page, lambda: len(site.stored()) == 1 and outbox(page) == [] and not site.faults)
    assert list(site.stored().values()) == [Stored(2, None, 1, "en")]


def test_without_a_network_the_answer_waits_and_goes_when_it_is_back(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet()))
    expect(page.get_by_role("radiogroup")).to_be_visible()
    page.context.set_offline(True)
    rate(page, 6)
    page.get_by_label("What is the main reason").fill("no signal here")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("Thank you. This helps.")
    assert site.posts() == 0 and len(outbox(page)) == 1
    page.context.set_offline(False)
    eventually(page, lambda: list(site.stored().values()) == [Stored(6, "no signal here", 2, "en")])


def test_what_could_not_be_sent_goes_at_the_next_visit_under_the_same_id(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet()))
    site.faults.extend([BROKEN] * 9)
    rate(page, 5)
    eventually(page, lambda: site.posts() >= 1)
    (waiting,) = outbox(page)
    site.faults.clear()
    page.reload()
    eventually(page, lambda: ratings(site.stored().values()) == [5] and outbox(page) == [])
    assert list(site.stored()) == [waiting.removeprefix("hearback:")]


def test_an_answer_older_than_seven_days_is_not_sent(page: Page, site: Site) -> None:
    page.goto(site.page("/empty", ""))
    aged = {"survey": "checkout", "at": 0, "body": json.dumps({"response_id": "x", "revision": 1, "rating": 1})}
    page.evaluate("entry => localStorage.setItem('hearback:x', entry)", json.dumps(aged))
    page.evaluate("localStorage.setItem('hearback:y', 'not ours')")
    page.goto(site.page("/shop", site.snippet()))
    expect(page.get_by_role("radiogroup")).to_be_visible()
    assert outbox(page) == [] and site.posts() == 0


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_answer_refused_for_its_key_waits_for_the_next_visit(page: Page, site: Site, status: int) -> None:
    page.goto(site.page("/shop", site.snippet()))
    site.faults.append(status)
    with page.expect_console_message(lambda line: f"was refused ({status})" in line.text):
        rate(page, 5)
    page.wait_for_timeout(500)
    assert site.posts() == 1 and len(outbox(page)) == 1, "trying again on this visit would change nothing"
    page.reload()
    eventually(page, lambda: ratings(site.stored().values()) == [5] and outbox(page) == [])


def test_an_answer_refused_for_its_content_is_given_up(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet()))
    site.faults.append(422)
    with page.expect_console_message(lambda line: "was refused (422)" in line.text):
        rate(page, 5)
    assert outbox(page) == []


def test_a_browser_that_refuses_to_store_still_sends(page: Page, site: Site) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })"
    )
    quick_retries(page)
    site.faults.append(500)
    page.goto(site.page("/shop", site.snippet()))
    rate(page, 7)
    eventually(page, lambda: ratings(site.stored().values()) == [7])


def test_a_strict_policy_and_a_hostile_style_sheet_change_nothing(page: Page, site: Site) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    policy = f"default-src 'none'; script-src {site.api}; connect-src {site.api}; style-src {site.shop}; "
    site.pages["/shop.css"] = (
        "body *, hearback-survey { display: none !important; font: 90px serif !important; color: red !important }",
        {"content-type": "text/css"},
    )
    body = f'<link rel=stylesheet href="{site.shop}/shop.css">{site.snippet()}'
    page.goto(
        site.page(
            "/shop", body, {"content-security-policy": policy + "require-trusted-types-for 'script'; trusted-types"}
        )
    )
    button = page.get_by_role("radio", name="8", exact=True)
    expect(button).to_be_visible()
    expect(button).to_have_css("font-size", "16px")
    button.click()
    eventually(page, lambda: ratings(site.stored().values()) == [8])
    assert [text for text in refused if "favicon" not in text] == []


def test_twice_on_one_page_are_two_surveys(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet() + site.snippet()))
    expect(page.locator("hearback-survey")).to_have_count(2)


def test_a_page_from_a_file_may_ask(browser: Browser, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "shop.html"
    file.write_text(f"<!doctype html><title>Shop</title>{site.snippet()}")
    context = browser.new_context()
    page = context.new_page()
    page.goto(file.as_uri())
    rate(page, 10)
    eventually(page, lambda: ratings(site.stored().values()) == [10])
    context.close()


@pytest.mark.parametrize(
    ("survey", "key", "says"),
    [
        ("checkout", "pk_wrong", "no live publishable key"),
        ("nowhere", "pk_browser", "no such survey"),
        ("", "pk_browser", "needs data-survey and data-key"),
    ],
)
def test_a_wrong_script_tag_shows_nothing_and_says_why_in_one_line(
    page: Page, site: Site, survey: str, key: str, says: str
) -> None:
    lines: list[str] = []
    page.on("console", lambda line: lines.append(line.text))
    page.goto(site.page("/shop", site.snippet(survey, key)))
    eventually(page, lambda: any(line.startswith("hearback: ") for line in lines))
    ours = [line for line in lines if line.startswith("hearback: ")]
    assert len(ours) == 1 and says in ours[0]
    expect(page.locator("hearback-survey")).to_have_count(0)


def test_a_page_the_key_is_not_for_is_shown_nothing(page: Page) -> None:
    with (
        Site(origins=("https://shop.example",)) as site,
        page.expect_console_message(lambda line: "has been blocked by CORS policy" in line.text),
    ):
        page.goto(site.page("/shop", site.snippet()))
    expect(page.locator("hearback-survey")).to_have_count(0)


def test_it_speaks_the_language_of_the_page(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet(more='data-locale="de-AT"')))
    expect(page.get_by_role("radiogroup")).to_have_accessible_name(
        "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?"
    )
    rate(page, 0)
    expect(page.get_by_role("button", name="Senden")).to_be_visible()
    eventually(page, lambda: list(site.stored().values()) == [Stored(0, None, 1, "de")])


def test_it_fits_a_phone_with_targets_that_can_be_hit(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(site.page("/shop", site.snippet()))
    expect(page.get_by_role("radiogroup")).to_be_visible()
    for box in (button.bounding_box() for button in page.get_by_role("radio").all()):
        assert box is not None
        assert box["width"] >= 24 and box["height"] >= 24
        assert box["x"] >= 0 and box["x"] + box["width"] <= 320
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
