"""No answer that was given in the widget is lost: it arrives and counts once, whatever becomes of page and network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.browser.site import BROKEN, GATEWAY, LOST, Site, Stored, ratings
from tests.browser.widget import eventually, outbox, quick_retries, rate

HOUR = 3_600_000


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.clear()
    return running


def refusal(status: int) -> Callable[[ConsoleMessage], bool]:
    """What the console says of it."""
    return lambda line: f"was refused ({status})" in line.text


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
    "every",
    [
        [[500], [429], [GATEWAY + 429], [LOST, BROKEN]],
        pytest.param(
            [[503, 500], [429, 429], [408], [GATEWAY + 503], [BROKEN], [LOST], [LOST, 500, BROKEN]],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["each", "together"],
)
def test_after_any_fault_the_answer_goes_again_and_counts_once(page: Page, site: Site, every: list[list[int]]) -> None:
    quick_retries(page)
    for faults in every:
        site.clear()
        site.faults.extend(faults)
        page.goto(site.page("/shop", site.snippet()))
        rate(page, 2)
        eventually(page, lambda: len(site.stored()) == 1 and outbox(page) == [] and not site.faults)
        assert list(site.stored().values()) == [Stored(2, None, 1, "en")], faults


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
    page.goto(site.page("/later", site.snippet(more="data-ask")))
    eventually(page, lambda: ratings(site.stored().values()) == [5] and outbox(page) == [])
    assert list(site.stored()) == [waiting.removeprefix("hearback:")]


def test_an_answer_that_goes_out_late_says_when_it_was_given(page: Page, site: Site) -> None:
    body = {"response_id": "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d", "revision": 1, "rating": 1}
    put = (
        "([id, age, body]) => localStorage.setItem('hearback:' + id, "
        "JSON.stringify({ survey: 'checkout', at: Date.now() - age, body }))"
    )
    page.goto(site.page("/empty", ""))
    page.evaluate(put, [body["response_id"], 30 * HOUR, body])
    page.evaluate(put, ["old", 7 * 24 * HOUR + 1, {**body, "rating": 9}])
    page.evaluate("localStorage.setItem('hearback:y', 'not ours')")
    page.goto(site.page("/shop", site.snippet(more="data-ask")))
    eventually(page, lambda: len(site.responses()) == 1 and outbox(page) == [])
    (response,) = site.responses()
    given, accepted = (
        page.evaluate("text => Date.parse(text)", response[f"{it}_at"]) for it in ("answered", "accepted")
    )
    assert 30 * HOUR <= accepted - given < 30 * HOUR + 60_000
    assert site.posts() == 1, "what is older than seven days is not sent, and what is not ours is not kept"


def test_a_device_with_a_wrong_clock_loses_nothing(page: Page, site: Site) -> None:
    quick_retries(page)
    page.goto(site.page("/empty", ""))
    body = {"response_id": "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d", "revision": 1, "rating": 1}
    entry = json.dumps({"survey": "checkout", "at": 0, "body": body})
    hour_fast = f"const now = Date.now; const zero = now(); Date.now = () => now() + 2 * {HOUR};"
    page.evaluate(
        f"entry => {{ const e = JSON.parse(entry); e.at = Date.now() + {HOUR}; "
        "localStorage.setItem('hearback:' + e.body.response_id, JSON.stringify(e)) }",
        entry,
    )
    page.add_init_script(hour_fast)
    page.goto(site.page("/shop", site.snippet(more="data-ask")))
    eventually(page, lambda: ratings(site.stored().values()) == [1] and outbox(page) == [])
    assert site.posts() == 2, "once with a time that cannot be, once without"


def test_an_answer_refused_for_its_key_waits_for_the_next_visit(page: Page, site: Site) -> None:
    quick_retries(page)
    for status in (401, 403, 404):
        site.clear()
        page.goto(site.page("/shop", site.snippet()))
        site.faults.append(status)
        with page.expect_console_message(refusal(status)):
            rate(page, 5)
        page.wait_for_timeout(100)
        assert site.posts() == 1 and len(outbox(page)) == 1, "trying again on this visit would change nothing"
        page.reload()
        eventually(page, lambda: ratings(site.stored().values()) == [5] and outbox(page) == [])


def test_an_answer_refused_for_its_content_is_given_up(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet()))
    site.faults.append(422)
    with page.expect_console_message(refusal(422)):
        rate(page, 5)
    assert outbox(page) == []


def test_a_browser_that_refuses_to_store_still_asks_and_sends(page: Page, site: Site) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })"
    )
    quick_retries(page)
    site.faults.append(500)
    page.goto(site.page("/shop", site.snippet(more='data-sample="100" data-again="30"')))
    rate(page, 7)
    eventually(page, lambda: ratings(site.stored().values()) == [7])
