"""The page behind a survey link, in a real browser: one link is one response, and only a person can give it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.domain.links import LinkChannel
from shared.domain.surveys import Look, Option, Question, Scale
from tests.browser.site import BROKEN, KEY, LINK, LOST, SURVEY, Site, ratings
from tests.browser.widget import eventually, quick_retries


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def choose(page: Page, rating: int) -> None:
    page.locator("label").filter(has=page.get_by_role("radio", name=str(rating), exact=True)).click()


def test_on_a_phone_a_rating_is_saved_when_chosen_and_a_comment_with_send(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(site.link())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for box in (label.bounding_box() for label in page.locator(".scale label").all()):
        assert box is not None and min(box["width"], box["height"]) >= 24
    choose(page, 9)
    expect(page.get_by_role("status")).to_contain_text("Your rating is saved")
    assert ratings(site.stored().values()) == [9]
    page.get_by_label("What is the main reason for your rating?").fill("Early and kind")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you. This helps.")).to_be_visible()
    (stored,) = site.stored().values()
    assert (stored.rating, stored.comment) == (9, "Early and kind")


def test_the_answer_is_the_links_whoever_opens_it_and_however_often(page: Page, site: Site) -> None:
    for rating in (2, 8):
        page.goto(site.link())
        choose(page, rating)
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Thank you. This helps.")).to_be_visible()
    assert list(site.stored()) == [LINK.response_id]
    assert ratings(site.stored().values()) == [8]
    response = site.queue.sent[-1].message.model_dump()["response"]
    assert (response["person_id"], response["subject"], response["source"], response["verified"]) == (
        "per_1",
        {"type": "delivery", "id": "D-1"},
        "link",
        True,
    )


def test_the_keyboard_passes_over_ratings_without_giving_them(page: Page, site: Site) -> None:
    page.goto(site.link())
    page.get_by_role("radio", name="0", exact=True).focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("status")).to_contain_text("Your rating is saved")
    assert ratings(site.stored().values()) == [7] and site.posts() == 1


def test_a_page_left_at_once_still_saves_the_rating(page: Page, site: Site) -> None:
    page.goto(site.link())
    choose(page, 1)
    page.goto("about:blank")
    eventually(page, lambda: ratings(site.stored().values()) == [1])


@pytest.mark.parametrize("faults", [[500], [429, 503], [BROKEN], [LOST]])
def test_after_a_fault_it_says_so_and_sends_again(page: Page, site: Site, faults: list[int]) -> None:
    quick_retries(page)
    page.goto(site.link())
    site.faults.extend(faults)
    choose(page, 3)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you. This helps.")).to_be_visible()
    assert ratings(site.stored().values()) == [3]


def test_opening_a_link_writes_nothing_nor_does_a_script_that_fills_forms(page: Page, site: Site) -> None:
    page.goto(site.link())
    page.evaluate(
        """() => {
            const rating = document.querySelector("input[type=radio]");
            rating.click();
            rating.dispatchEvent(new Event("change", { bubbles: true }));
            document.querySelectorAll("label")[1].click();
            document.querySelector("form button").click();
            document.querySelector("form").requestSubmit();
        }"""
    )
    page.wait_for_timeout(1000)
    page.goto("about:blank")
    page.wait_for_timeout(200)
    assert site.posts() == 0


def test_without_a_rating_it_asks_for_one(page: Page, site: Site) -> None:
    page.goto(site.link())
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("Please choose a rating first.")
    assert site.posts() == 0


def test_a_changed_link_is_answered_kindly_and_records_nothing(page: Page, site: Site) -> None:
    address = site.link()
    answer = page.goto(address[:-2] + ("AA" if not address.endswith("AA") else "BB"))
    assert answer is not None and answer.status == 403
    expect(page.get_by_role("heading")).to_have_text("This link is not complete")
    assert page.locator("form").count() == 0 and site.posts() == 0


def test_an_expired_link_is_answered_kindly(page: Page, site: Site) -> None:
    answer = page.goto(site.link(LINK.model_copy(update={"expires_at": 1})))
    assert answer is not None and answer.status == 410
    expect(page.get_by_role("heading")).to_have_text("This link has expired")


def test_without_javascript_it_says_so_and_nothing_can_be_sent(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.link())
    expect(page.get_by_text("Answering needs JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    context.close()
    assert site.posts() == 0


def test_it_speaks_the_readers_language(browser: Browser, site: Site) -> None:
    context = browser.new_context(locale="de-CH")
    page = context.new_page()
    page.goto(site.link())
    expect(page.get_by_role("group")).to_have_accessible_name(
        "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?"
    )
    expect(page.get_by_role("button", name="Senden")).to_be_visible()
    context.close()


def test_its_policy_refuses_nothing_of_its_own(page: Page, site: Site) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(site.link())
    choose(page, 5)
    expect(page.get_by_role("status")).to_contain_text("Your rating is saved")
    assert errors == []


def test_every_question_of_a_survey_is_asked(page: Page) -> None:
    questions = (
        *SURVEY.questions,
        Question(id="easy", scale=Scale.CES, text={"en": "It was easy to order."}),
        Question(id="hoped", scale=Scale.EXPECTATION, text={"en": "And as you had hoped?"}),
        Question(
            id="found_by",
            scale=Scale.CHOICE,
            text={"en": "How did you find us?"},
            options=(Option(value=7, text={"en": "A friend"}), Option(value=2, text={"en": "A search"})),
        ),
        Question(id="missing", scale=Scale.TEXT, text={"en": "What did you not find?"}),
    )
    with Site(SURVEY.model_copy(update={"questions": questions})) as site:
        page.goto(site.link())
        choose(page, 10)
        page.get_by_role("group", name="It was easy to order.").locator("label", has_text="4").click()
        page.locator("label", has_text="Better than expected").click()
        page.locator("label", has_text="A search").click()
        page.get_by_label("What did you not find?").fill("A red kettle")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Thank you. This helps.")).to_be_visible()
        response = site.queue.sent[-1].message.model_dump()["response"]
    assert {name: given["value"] for name, given in response["ratings"].items()} == {
        "recommend": 10,
        "easy": 4,
        "hoped": 3,
        "found_by": 2,
    }
    assert response["texts"] == {"missing": "A red kettle"}


def test_everybodys_link_is_an_answer_of_each_tab_and_a_reload_is_the_same(page: Page, site: Site) -> None:
    address = f"{site.api}/s/checkout?key={KEY}"
    for rating in (3, 9):
        page.goto(address)
        choose(page, rating)
        expect(page.get_by_role("status")).to_contain_text("Your rating is saved")
    assert ratings(site.stored().values()) == [9]
    response = site.queue.sent[-1].message.model_dump()["response"]
    assert (response["source"], response["verified"], response["person_id"]) == ("link", False, None)
    other = page.context.new_page()
    other.goto(address)
    choose(other, 5)
    expect(other.get_by_role("status")).to_contain_text("Your rating is saved")
    assert ratings(site.stored().values()) == [5, 9]


def test_a_follow_up_is_asked_by_the_first_rating_and_pictures_have_names(page: Page) -> None:
    questions = (
        Question(id="happy", scale=Scale.CSAT, look=Look.STARS, text={"en": "How was it?"}),
        Question(id="bad", scale=Scale.TEXT, text={"en": "What went wrong?"}, bands=("negative", "neutral")),
        Question(id="good", scale=Scale.CSAT_3, text={"en": "And the courier?"}, bands=("positive",)),
    )
    with Site(SURVEY.model_copy(update={"questions": questions})) as site:
        page.goto(site.link())
        expect(page.get_by_label("What went wrong?")).to_be_hidden()
        page.get_by_role("radio", name="2 stars").click()
        page.get_by_label("What went wrong?").fill("It was wet.")
        expect(page.get_by_role("group", name="And the courier?")).to_be_hidden()
        page.get_by_role("radio", name="5 stars").click()
        expect(page.get_by_label("What went wrong?")).to_be_hidden()
        page.get_by_role("group", name="And the courier?").get_by_role("radio", name="Satisfied", exact=True).click()
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Thank you. This helps.")).to_be_visible()
        response = site.queue.sent[-1].message.model_dump()["response"]
    assert {name: given["value"] for name, given in response["ratings"].items()} == {"happy": 5, "good": 3}
    assert response["texts"] == {}


def test_a_view_is_told_when_the_page_is_left_and_of_an_emails_page_only_if_somebody_pressed(page: Page) -> None:
    rated = LINK.model_copy(update={"channel": LinkChannel.EMAIL, "rated": True})
    with Site(SURVEY.model_copy(update={"funnel": True})) as site:
        page.goto(site.link())
        page.goto("about:blank")
        eventually(page, lambda: [view["started"] for view in site.views] == [False])
        page.goto(f"{site.api}/r/{site.links.sign(rated)}?rating=9")
        page.goto("about:blank")
        page.goto(f"{site.api}/r/{site.links.sign(rated)}?rating=9")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Thank you. This helps.")).to_be_visible()
        page.goto("about:blank")
        eventually(page, lambda: [view["started"] for view in site.views] == [False, True])
        assert {view["channel"] for view in site.views} == {"link"} and len(site.told.sent) == 2
