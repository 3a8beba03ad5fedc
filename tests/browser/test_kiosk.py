"""A terminal in a real browser: each press counts once, with or without a network, and then the next person may."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from functions.pages import app as pages_app
from functions.pages.service import Pages
from functions.survey_ingest import app as ingest_app
from functions.survey_ingest.service import SurveyIngest
from shared.clock import SystemClock
from shared.domain.surveys import Kiosk, Option, Question, Scale, Survey
from shared.errors import TemporaryError
from tests.browser.conftest import PATIENCE_MS, find_chromium
from tests.browser.site import BROKEN, LOST, SURVEY, Site

COOL_DOWN_MS = 5000
SETTLED_MS = 600
PIN = "2580"
MOOD = Question(
    id="mood",
    scale=Scale.CSAT,
    text={"en": "How was your visit?", "de": "Wie war Ihr Besuch?", "ar": "كيف كانت زيارتك؟"},
)
WHY = Question(
    id="why",
    scale=Scale.CHOICE,
    text={"en": "What could be better?"},
    bands=("negative",),
    options=(Option(value=7, text={"en": "Waiting"}), Option(value=2, text={"en": "Choice of goods"})),
)
VISIT = SURVEY.model_copy(
    update={"questions": (MOOD, WHY), "kiosk": Kiosk(cool_down_seconds=COOL_DOWN_MS // 1000, exit_pin=PIN)}
)
PATIENCE_SECONDS = PATIENCE_MS / 1000


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(VISIT) as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A device. It asks nothing of another machine; requests are not intercepted, for that switches the worker off."""
    device = browser.new_context(viewport={"width": 1024, "height": 768}, locale="en-GB", has_touch=True)
    device.set_default_timeout(PATIENCE_MS)
    foreign: list[str] = []
    device.on("request", lambda sent: foreign.append(sent.url) if urlsplit(sent.url).hostname != "127.0.0.1" else None)
    yield device
    device.close()
    assert not foreign, f"the page asked another machine for {foreign}"


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def eventually(page: Page, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        page.wait_for_timeout(20)


def while_time_passes(page: Page, true: Callable[[], bool], step: timedelta = timedelta(seconds=2)) -> None:
    """Wait until something is true; meanwhile the device's clock goes forward in such steps.

    It stands while a request is under way: by the page's clock a slow machine would be a server that does not answer.
    """

    def a_moment_later() -> bool:
        if page.evaluate("window.underWay === 0"):
            page.clock.fast_forward(int(step.total_seconds() * 1000))
        return true()

    eventually(page, a_moment_later)


def responses(site: Site) -> dict[str, Any]:
    """What would be stored by now, by response id."""
    found: dict[str, Any] = {}
    for sent in site.queue.sent:
        response = sent.message.model_dump()["response"]
        if response["revision"] >= found.get(response["response_id"], {"revision": 0})["revision"]:
            found[response["response_id"]] = response
    return found


def given(site: Site) -> list[dict[str, int]]:
    """The ratings of each response."""
    return [
        {question: rating["value"] for question, rating in response["ratings"].items()}
        for response in responses(site).values()
    ]


COUNT_REQUESTS = """{
    const send = window.fetch;
    window.underWay = 0;
    window.fetch = (...request) => (window.underWay++, send(...request).finally(() => window.underWay--));
}"""


def ready(page: Page, site: Site, query: str = "", now: datetime | None = None) -> None:
    """Open the page with a clock that the test moves, and wait until it can do without a network."""
    page.clock.install(time=now or datetime.now(UTC))
    page.add_init_script(COUNT_REQUESTS)
    page.goto(site.kiosk(query))
    # Not with wait_for_function: it takes the promise itself for the truth.
    can = (
        "async () => Boolean(navigator.serviceWorker.controller && await caches.match(location, {ignoreSearch: true}))"
    )
    eventually(page, lambda: bool(page.evaluate(can)))


def stop_the_clock(page: Page) -> None:
    """From now on the page's time is what the test says: on a slow machine none passes between two steps."""
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 10)


def press(page: Page, name: str) -> None:
    """Tap, and wait for the click: it comes some time after the touch, and sets the timers."""
    button = page.get_by_role("button", name=name, exact=True)
    button.evaluate(
        """() => {
            window.clicked = false;
            addEventListener("click", () => (window.clicked = true), { once: true });
        }"""
    )
    button.tap()
    page.wait_for_function("window.clicked")


def next_person(page: Page) -> None:
    page.clock.fast_forward(COOL_DOWN_MS)
    page.clock.fast_forward(SETTLED_MS)


def outbox(page: Page, method: str) -> Any:
    """What a method of the device's store says."""
    return page.evaluate(
        """(method) => new Promise((resolve) => {
            indexedDB.open("hearback-kiosk", 1).onsuccess = ({ target: { result: database } }) => {
                const asked = database.transaction("answers").objectStore("answers")[method]();
                asked.onsuccess = () => (database.close(), resolve(asked.result));
            };
        })""",
        method,
    )


def waiting(page: Page) -> int:
    """How many answers the device still keeps."""
    return int(outbox(page, "count"))


def kept_revisions(page: Page) -> list[int]:
    return [json.loads(entry["body"])["revision"] for entry in outbox(page, "getAll")]


def test_a_press_is_one_answer_and_after_the_cool_down_the_next_person_may(page: Page, site: Site) -> None:
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    ready(page, site, "&place=Main+entrance")
    stop_the_clock(page)
    press(page, "Satisfied")
    expect(page.get_by_role("heading", name="Thank you. This helps.")).to_be_focused()
    page.wait_for_function("document.fullscreenElement === document.documentElement")
    eventually(page, lambda: len(site.queue.sent) == 1)
    (response,) = responses(site).values()
    assert response["ratings"] == {"mood": {"scale": "csat", "value": 4}}
    assert (response["source"], response["verified"], response["locale"]) == ("kiosk", False, "en")
    assert response["properties"] == {"place": "Main entrance"}

    page.clock.fast_forward(COOL_DOWN_MS - 1000)
    expect(page.locator("main button")).to_have_count(0)
    next_person(page)
    expect(page.get_by_role("heading", name="How was your visit?")).to_be_visible()
    press(page, "Very satisfied")
    while_time_passes(page, lambda: given(site) == [{"mood": 4}, {"mood": 5}] and waiting(page) == 0)
    assert site.posts() == 2 and errors == []


def test_two_quick_presses_are_one_and_answer_no_question_that_was_not_read(page: Page, site: Site) -> None:
    ready(page, site)
    stop_the_clock(page)
    press(page, "Very dissatisfied")
    press(page, "Waiting")
    page.clock.run_for(SETTLED_MS - 10)
    press(page, "Waiting")
    expect(page.get_by_role("heading", name="What could be better?")).to_be_visible()
    page.clock.run_for(20_000)
    expect(page.get_by_role("heading", name="How was your visit?")).to_be_visible()
    press(page, "Very satisfied")
    expect(page.get_by_role("heading", name="How was your visit?")).to_be_visible()
    page.clock.run_for(SETTLED_MS)
    press(page, "Very satisfied")
    while_time_passes(page, lambda: given(site) == [{"mood": 1}, {"mood": 5}])


def test_a_low_rating_is_asked_why_and_that_is_the_same_answer(page: Page, site: Site) -> None:
    ready(page, site)
    site.answers.clear()
    press(page, "Dissatisfied")
    eventually(page, lambda: len(site.queue.sent) == 1)
    page.clock.fast_forward(SETTLED_MS)
    press(page, "Choice of goods")
    eventually(page, lambda: kept_revisions(page) == [2])
    site.answers.set()  # The first revision is confirmed when the second is kept already.
    eventually(page, lambda: given(site) == [{"mood": 2, "why": 2}])
    assert [sent.message.model_dump()["response"]["revision"] for sent in site.queue.sent] == [1, 2]
    next_person(page)
    press(page, "Very dissatisfied")
    page.clock.fast_forward(SETTLED_MS)
    press(page, "Skip")
    expect(page.get_by_role("heading", name="Thank you. This helps.")).to_be_visible()
    eventually(page, lambda: given(site) == [{"mood": 2, "why": 2}, {"mood": 1}])


def test_a_day_without_a_network_loses_nothing_and_doubles_nothing(page: Page, site: Site) -> None:
    ready(page, site, now=datetime.now(UTC) - timedelta(hours=23))
    page.context.set_offline(True)
    faces = ("Neutral", "Satisfied", "Very satisfied")
    pressed: list[tuple[float, float]] = []
    for number in range(20):
        before = page.evaluate("Date.now() / 1000")
        press(page, faces[number % 3])
        pressed.append((before, page.evaluate("Date.now() / 1000")))
        page.clock.fast_forward(3600_000)
        page.clock.fast_forward(SETTLED_MS)
    eventually(page, lambda: waiting(page) == 20)

    page.reload()
    expect(page.get_by_role("heading", name="How was your visit?")).to_be_visible()
    other = page.context.new_page()
    other.goto(site.kiosk().replace("/k/checkout", "/k/never-opened"))
    expect(other.get_by_role("heading", name="No connection yet")).to_be_visible()
    other.close()
    assert site.posts() == 0

    page.context.set_offline(False)
    while_time_passes(page, lambda: waiting(page) == 0)
    stored = sorted(responses(site).values(), key=lambda response: response["answered_at"])
    assert [response["ratings"]["mood"]["value"] for response in stored] == [3 + number % 3 for number in range(20)]
    for response, (before, after) in zip(stored, pressed, strict=True):
        assert before - 0.001 <= response["answered_at"].timestamp() <= after
        assert response["answered_at"] < response["accepted_at"]
    assert len(site.queue.sent) == 20


def test_after_any_fault_an_answer_goes_again_and_counts_once(page: Page, site: Site) -> None:
    """A connection breaks twice: once would be mended by the browser, and the page would not notice."""
    ready(page, site)
    for number, faults in enumerate(([500], [429, 503], [BROKEN] * 2, [LOST] * 2, [408]), start=1):
        site.faults.extend(faults)
        press(page, "Satisfied")
        while_time_passes(page, lambda: not site.faults and waiting(page) == 0)
        assert given(site) == [{"mood": 4}] * number
        next_person(page)
    assert site.posts() == 13


def test_answers_refused_for_their_key_wait_until_it_is_put_right(page: Page, site: Site) -> None:
    ready(page, site)
    site.faults.extend([401, 403])
    press(page, "Satisfied")
    eventually(page, lambda: site.posts() == 1)
    next_person(page)
    press(page, "Neutral")
    eventually(page, lambda: waiting(page) == 2)
    assert given(site) == [], "what would be refused again is not asked again at once"
    page.reload()
    while_time_passes(page, lambda: waiting(page) == 0, step=timedelta(minutes=10))
    assert given(site) == [{"mood": 4}, {"mood": 3}]


def test_what_the_server_can_not_take_of_an_answer_is_left_out_and_the_rest_counts(page: Page, site: Site) -> None:
    """A clock that is years ahead, and an option that is not asked any more; it is refused when more was pressed."""
    ready(page, site, now=datetime.now(UTC) + timedelta(days=900))
    site.publish(VISIT.model_copy(update={"questions": (MOOD,)}))
    site.answers.clear()
    press(page, "Very dissatisfied")
    eventually(page, lambda: site.posts() == 1)
    page.clock.fast_forward(SETTLED_MS)
    press(page, "Waiting")
    eventually(page, lambda: kept_revisions(page) == [2])
    site.answers.set()
    while_time_passes(page, lambda: waiting(page) == 0)
    (response,) = responses(site).values()
    assert given(site) == [{"mood": 1}] and response["revision"] == 2
    assert response["answered_at"] == response["accepted_at"]


def test_a_new_version_comes_to_a_terminal_that_nobody_touches(page: Page, site: Site) -> None:
    ready(page, site)
    before = page.locator("html").get_attribute("data-edition") or ""
    site.publish(VISIT.model_copy(update={"questions": (WHY.model_copy(update={"bands": ()}), MOOD)}))
    page.clock.fast_forward(900_000)
    expect(page.locator("html")).not_to_have_attribute("data-edition", before)
    press(page, "Satisfied")
    page.clock.fast_forward(SETTLED_MS)
    expect(page.get_by_role("heading", name="What could be better?")).to_be_visible()


def test_in_an_outage_the_page_is_the_one_it_had_and_a_closed_survey_is_not_asked(
    page: Page, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(survey_id: str) -> None:
        raise TemporaryError("the table is away")

    ready(page, site)
    with monkeypatch.context() as outage:
        outage.setattr(site.surveys, "current", away)
        page.reload()
        expect(page.get_by_role("heading", name="How was your visit?")).to_be_visible()
    site.surveys.published = site.surveys.published._replace(archived=True)
    page.reload()
    expect(page.get_by_role("heading", name="There is nothing to answer here")).to_be_visible()


def test_the_corner_and_the_pin_lead_out_and_nothing_else_does(page: Page, site: Site) -> None:
    ready(page, site)
    page.context.set_offline(True)
    stop_the_clock(page)
    press(page, "Neutral")
    next_person(page)
    corner = page.get_by_label("For staff: hold for three seconds")
    corner.dispatch_event("pointerdown")
    page.clock.fast_forward(2900)
    corner.dispatch_event("pointerup")
    page.clock.fast_forward(3000)
    expect(page.get_by_role("dialog")).to_have_count(0)

    corner.dispatch_event("pointerdown")
    page.clock.fast_forward(3000)
    pad = page.get_by_role("dialog", name="For staff")
    expect(pad).to_be_visible()
    page.clock.resume()  # What looks for faults waits by the page's clock.
    assert faults(page) == []
    stop_the_clock(page)
    for pin in ("2581", "0000"):
        for digit in pin:
            pad.get_by_role("button", name=digit, exact=True).tap()
        pad.get_by_role("button", name="Open").tap()
        expect(pad.get_by_role("alert")).to_have_text("That is not the PIN.")
        expect(pad.get_by_role("button", name="Open")).to_be_disabled()
        page.clock.fast_forward(2000)
        expect(pad.get_by_role("button", name="Open")).to_be_enabled()
    pad.get_by_label("PIN", exact=True).focus()
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    expect(pad.get_by_text("Answers waiting to be sent: 1")).to_be_visible()
    pad.get_by_role("button", name="Leave full screen").tap()
    expect(page.get_by_role("heading", name="This terminal is closed.")).to_be_visible()
    page.wait_for_function("document.fullscreenElement === null")
    page.clock.fast_forward(SETTLED_MS)
    press(page, "Start again")
    expect(page.get_by_role("heading", name="How was your visit?")).to_be_visible()


def test_it_speaks_each_language_of_the_survey_and_then_its_own_again(page: Page, site: Site) -> None:
    ready(page, site, "&locale=de")
    stop_the_clock(page)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    press(page, "العربية")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    worst, best = (page.locator(".options button").nth(at).bounding_box() for at in (0, 4))
    assert worst and best and worst["x"] > best["x"]
    page.clock.fast_forward(SETTLED_MS)
    page.locator(".options button").nth(4).tap()
    eventually(page, lambda: [response["locale"] for response in responses(site).values()] == ["ar"])
    next_person(page)
    expect(page.get_by_role("heading", name="Wie war Ihr Besuch?")).to_be_visible()
    page.clock.fast_forward(SETTLED_MS)
    press(page, "العربية")
    page.clock.resume()
    assert faults(page) == []


class Drafts:
    """One draft and the token that shows it."""

    def find(self, survey_id: str | None, token: str) -> Survey | None:
        return VISIT if (survey_id, token) == ("checkout", "preview") else None


def test_a_preview_sends_tests_and_keeps_nothing_on_the_device(
    page: Page, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = Pages(site.surveys, site.links, Drafts())
    door = SurveyIngest(site.surveys, lambda: site.links, site.queue, SystemClock(), Drafts)
    monkeypatch.setattr(pages_app, "service", lambda: pages)
    monkeypatch.setattr(ingest_app, "service", lambda: door)
    page.goto(f"{site.api}/k/checkout?t=preview")
    press(page, "Very satisfied")
    eventually(page, lambda: [response["test"] for response in responses(site).values()] == [True])
    assert waiting(page) == 0
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    assert page.evaluate("document.fullscreenElement") is None


def faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [f"{each['id']}: {node['html']}" for each in found.response["violations"] for node in each["nodes"]]


@pytest.mark.parametrize(("width", "height"), [(320, 568), pytest.param(1024, 768, marks=pytest.mark.slow)])
def test_it_fits_the_screen_with_targets_that_a_glove_can_hit(page: Page, site: Site, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if width == 320 else "light", reduced_motion="reduce")
    ready(page, site)

    def check() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for target in page.locator("button:visible").all():
            box = target.bounding_box()
            assert box and min(box["width"], box["height"]) >= 80 and box["x"] >= 0 and box["x"] + box["width"] <= width
        assert page.evaluate("getComputedStyle(document.querySelector('button')).transitionDuration") == "0s"
        assert faults(page) == []

    check()
    assert page.evaluate(
        "[...document.querySelectorAll('svg')].every(face => face.getBoundingClientRect().width >= 72)"
    )
    press(page, "Dissatisfied")
    page.clock.fast_forward(SETTLED_MS)
    check()
    page.locator("#corner").dispatch_event("pointerdown")
    page.clock.fast_forward(3000)
    expect(page.get_by_role("dialog")).to_be_visible()
    check()
    site.publish(VISIT.model_copy(update={"questions": SURVEY.questions}))
    page.reload()
    expect(page.get_by_role("button", name="10", exact=True)).to_be_visible()
    check()


@pytest.mark.slow
def test_answers_outlive_a_power_cut(playwright: Playwright, site: Site, tmp_path: Path) -> None:
    """The browser is killed with kill -9 right after a press, and what it kept goes out when it is started again."""
    path = find_chromium(playwright)
    device = playwright.chromium.launch_persistent_context(tmp_path, executable_path=path, has_touch=True)
    page = device.new_page()
    ready(page, site)
    device.set_offline(True)
    stop_the_clock(page)  # It is kept at once, not some time after.
    press(page, "Satisfied")
    eventually(page, lambda: waiting(page) == 1)
    browser_pid = int((tmp_path / "SingletonLock").readlink().name.rpartition("-")[2])
    os.kill(browser_pid, signal.SIGKILL)
    with pytest.raises(Exception, match=r"closed|crashed|disconnected"):
        page.evaluate("1")
    again = playwright.chromium.launch_persistent_context(tmp_path, executable_path=path, has_touch=True)
    again.new_page().goto(site.kiosk())
    eventually(again.pages[-1], lambda: given(site) == [{"mood": 4}])
    again.close()


@pytest.mark.slow
def test_ten_thousand_answers_wait_and_beyond_them_the_oldest_is_given_up(page: Page, site: Site) -> None:
    ready(page, site)
    page.context.set_offline(True)
    page.evaluate(
        """() => new Promise((resolve) => {
            indexedDB.open("hearback-kiosk", 1).onsuccess = ({ target: { result: database } }) => {
                const filling = database.transaction("answers", "readwrite");
                for (let number = 10000; number < 20000; number++) {
                    const answer = { response_id: crypto.randomUUID(), answers: { mood: 5 }, source: "kiosk" };
                    const entry = { survey: "checkout", to: "nowhere", body: JSON.stringify(answer) };
                    filling.objectStore("answers").put({ at: `0 ${number}`, ...entry });
                }
                filling.oncomplete = () => (database.close(), resolve());
            };
        })"""
    )
    assert waiting(page) == 10_000
    press(page, "Satisfied")
    first_and_last = """() => new Promise((resolve) => {
        indexedDB.open("hearback-kiosk", 1).onsuccess = ({ target: { result: database } }) => {
            const keys = database.transaction("answers").objectStore("answers").getAllKeys();
            keys.onsuccess = () => (database.close(), resolve([keys.result[0], keys.result.at(-1).slice(0, 2)]));
        };
    })"""
    eventually(page, lambda: page.evaluate(first_and_last) == ["0 10001", "20"])
    assert waiting(page) == 10_000
