"""The staff page, as somebody with a browser uses it; and what they made of it, as their customers meet it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from functions.pages import app as pages_app
from functions.pages.service import Pages
from functions.scores import app as scores_app
from functions.scores.service import ScoresPage
from functions.staff import app as staff_app
from functions.staff import calling as staff_calling
from functions.staff.messages.service import StaffMessages
from functions.staff.service import StaffPage
from functions.survey_ingest import app as ingest_app
from functions.survey_ingest.service import SurveyIngest
from shared.clock import SystemClock
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.brands import Brand
from shared.previews import PreviewedSurveys, Previews
from shared.sessions import Sessions
from shared.texts.publishing import Publishing
from shared.texts.rendering import Rendering
from tests.browser.site import KEY, LOCAL, SURVEY, Site
from tests.fakes.brands import InMemoryBrands
from tests.fakes.clock import NOON
from tests.fakes.drafts import InMemoryDrafts
from tests.fakes.surveys import InMemorySurveys

SECRET = "sk_staff"


class StaffSite(Site):
    """The site with the staff page, and the scores page that opens its sessions."""

    def __init__(self) -> None:
        super().__init__()
        self.known, self.drafts, self.brands = InMemorySurveys(SURVEY), InMemoryDrafts(), InMemoryBrands()
        secret = ApiKey(key_hash=key_hash(SECRET), kind=KeyKind.SECRET, name="cx", created_at=NOON)
        self.known.add(secret)
        self._apps += [staff_app, scores_app]

    def __enter__(self) -> StaffSite:
        super().__enter__()
        clock, keys = SystemClock(), lambda: ("a key of the test",)
        previews, sessions = Previews(keys, clock), Sessions(keys, clock)
        drafts = PreviewedSurveys(previews, self.drafts, self.known)
        services: dict[Any, Any] = {
            ingest_app: SurveyIngest(self.known, lambda: self.links, self.queue, clock, lambda: drafts),
            pages_app: Pages(self.known, self.links, drafts),
            staff_calling: StaffPage(
                surveys=self.known,
                drafts=self.drafts,
                api_keys=self.known,
                sessions=sessions,
                previews=previews,
                clock=clock,
            ),
            # It opens sessions here, and shows no score.
            scores_app: ScoresPage(
                surveys=self.known,
                api_keys=self.known,
                scores=None,  # type: ignore[arg-type]
                answers=None,  # type: ignore[arg-type]
                steps=None,  # type: ignore[arg-type]
                sessions=sessions,
                clock=clock,
            ),
        }
        messages = StaffMessages(
            self.brands, Publishing(Rendering()).check, Brand(name="shop.example"), {"DE": 150_000}
        )
        self._patch.setattr(staff_calling, "message_service", lambda: messages)
        for app, service in services.items():
            self._patch.setattr(app, "service", lambda service=service: service)
        for app in (staff_app, scores_app):
            self._patch.setattr(app, "settings", lambda: SimpleNamespace(public_base_url=self.api))
        return self


@pytest.fixture(scope="module")
def site() -> Iterator[StaffSite]:
    with StaffSite() as site:
        yield site


@pytest.fixture
def staff(page: Page, site: StaffSite) -> Page:
    """A page whose reader has logged in."""
    log_in(page, site)
    return page


def log_in(page: Page, site: StaffSite) -> None:
    page.goto(f"{site.api}/staff/surveys")
    page.get_by_label("Secret key").fill(SECRET)
    page.get_by_role("button", name="Open the surveys").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Surveys")


def question(page: Page, number: int) -> Locator:
    return page.get_by_role("group", name=f"Question {number}", exact=True)


def faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [f"{each['id']}: {node['html']}" for each in found.response["violations"] for node in each["nodes"]]


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_a_survey_is_written_tried_published_and_asked_by_the_line_that_is_pasted(
    staff: Page, browser: Browser, site: StaffSite, tmp_path: Path
) -> None:
    staff.get_by_role("link", name="New survey").click()
    staff.get_by_label("Id", exact=True).first.fill("chat")
    for label, typed in (("Name", "After a chat"), ("Touchpoint", "support_chat"), ("Name to customers", "Fern")):
        staff.get_by_label(label, exact=True).fill(typed)
    staff.get_by_label("Languages").fill("en, de")
    staff.get_by_role("button", name="Show these languages").click()
    first = question(staff, 1)
    first.get_by_label("Id").fill("recommend")
    first.get_by_label("Question (en)").fill("Would you recommend us?")
    first.get_by_label("Question (de)").fill("Würden Sie uns empfehlen?")
    staff.get_by_role("button", name="Add a question").click()
    second = question(staff, 2)
    expect(second.get_by_label("Id")).to_be_focused()
    second.get_by_label("Id").fill("why")
    second.get_by_label("Scale").select_option("text")
    second.get_by_label("Question (en)").fill("What went wrong?")
    second.get_by_label("negative").check()
    staff.get_by_role("button", name="Save and preview").click()

    # The widget, with its own script, in a frame; what is answered there is a test.
    frame = staff.frame_locator("iframe")
    expect(frame.get_by_text("Would you recommend us?")).to_be_visible()
    # The card sticks to the lower edge of the frame, which only the page around it can scroll to.
    staff.locator("iframe").evaluate("frame => frame.scrollIntoView({block: 'end'})")
    with staff.expect_response(re.compile("/responses")) as answered:
        frame.get_by_role("radio", name="3", exact=True).click()
    assert answered.value.status == 202
    response = site.responses()[-1]
    assert (response["survey_id"], response["test"], response["survey_version"]) == ("chat", True, 0)
    for channel in ("link", "kiosk", "email"):
        staff.get_by_label("Channel").select_option(channel)
        staff.get_by_label("Language").select_option("de")
        staff.get_by_role("button", name="Show", exact=True).click()
        expect(frame.get_by_text("Würden Sie uns empfehlen?")).to_be_visible()
    assert faults(staff) == []
    assert site.known.current("chat") is None

    staff.get_by_role("link", name="Edit").click()
    staff.get_by_role("button", name="Publish").first.click()
    expect(staff.get_by_role("status")).to_contain_text("Published.")
    site.known.add(
        ApiKey(
            key_hash=key_hash(KEY),
            kind=KeyKind.PUBLISHABLE,
            name="web",
            created_at=NOON,
            survey_id="chat",
            origins=LOCAL,
        )
    )
    staff.get_by_role("link", name="Use").click()
    staff.context.grant_permissions(["clipboard-read", "clipboard-write"])
    staff.get_by_role("button", name="Copy").first.click()
    expect(staff.get_by_role("status")).to_have_text("Copied")
    line = staff.evaluate("navigator.clipboard.readText()")
    assert line == staff.locator("pre").first.inner_text()
    file = tmp_path / "empty.html"
    file.write_text(line.replace("PASTE-THE-KEY", KEY), encoding="utf-8")
    with browser.new_context() as context:
        opened = context.new_page()
        opened.goto(file.as_uri())
        expect(opened.get_by_text("Would you recommend us?")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_fault_is_told_at_its_field_and_keeps_everything_without_a_script(
    browser: Browser, site: StaffSite, scheme: Any
) -> None:
    context = browser.new_context(
        viewport={"width": 320, "height": 640}, color_scheme=scheme, java_script_enabled=scheme == "dark"
    )
    page = context.new_page()
    log_in(page, site)
    page.goto(f"{site.api}/staff/surveys/checkout")
    page.get_by_label("Name", exact=True).fill("Written <for> an hour")
    page.get_by_label("PIN that leaves it").fill("secret")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved yet")
    wrong = page.get_by_label("PIN that leaves it")
    expect(wrong).to_have_value("secret")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Written <for> an hour")
    assert site.drafts.get("checkout") is None
    if scheme == "dark":
        assert (faults(page), overflow(page)) == ([], 0)
        assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    page.get_by_role("alert").get_by_role("link", name="PIN that leaves it").click()
    wrong.fill("4711")
    page.get_by_role("button", name="Save draft").first.click()
    expect(page.get_by_role("status")).to_contain_text("The draft is saved.")
    page.get_by_role("button", name="Discard the draft").click()
    expect(page.get_by_role("status")).to_contain_text("discarded")
    context.close()


def test_who_was_overtaken_sees_both_and_loses_nothing(staff: Page, site: StaffSite) -> None:
    staff.goto(f"{site.api}/staff/surveys/checkout")
    staff.get_by_label("Question (en)").fill("Mine?")
    site.known.publish(SURVEY.model_copy(update={"name": "Theirs"}))
    staff.get_by_role("button", name="Publish").first.click()
    expect(staff.get_by_role("alert")).to_contain_text("Somebody else published meanwhile.")
    row = staff.get_by_role("row").filter(has_text="questions.0.text.en")
    expect(row).to_contain_text("Mine?")
    expect(row).to_contain_text("How likely are you to recommend us to a friend?")
    expect(staff.get_by_label("Question (en)")).to_have_value("Mine?")
    assert faults(staff) == []
    staff.get_by_role("button", name="Publish").first.click()
    expect(staff.get_by_role("status")).to_contain_text("Published.")
    published = site.known.current("checkout")
    assert published is not None and published.survey.questions[0].text["en"] == "Mine?"


def test_a_brand_is_written_tried_and_published_and_its_messages_are_seen_as_customers_get_them(
    staff: Page, site: StaffSite
) -> None:
    staff.get_by_role("link", name="Messages").click()
    staff.get_by_label("Another brand").fill("lamps")
    staff.get_by_role("button", name="Write it").click()
    staff.get_by_label("Name to customers").fill("Lamps & Light")
    soon = staff.get_by_role("group", name="Soon: 30 to 60 minutes ahead", exact=True)
    soon.get_by_label("SMS (en)").fill("We ring {expectd} – see {track}")
    staff.get_by_role("button", name="Try").first.click()
    alert = staff.get_by_role("alert")
    expect(alert).to_be_focused()
    alert.get_by_role("link", name="SMS (en)").click()
    expect(soon.get_by_label("SMS (en)")).to_be_focused()
    soon.get_by_label("SMS (en)").fill("We ring {expected} – see {track}")
    staff.get_by_role("button", name="Try").first.click()
    expect(staff.get_by_role("status")).to_contain_text("Nothing is published yet")
    expect(staff.locator(".bubble")).to_have_text(re.compile(r"We ring at about 13:45 - see https?://"))
    assert site.brands.current("lamps") is None
    staff.get_by_role("button", name="Publish").first.click()
    expect(staff.get_by_role("status")).to_contain_text("Published.")
    staff.get_by_role("link", name="Soon: 30 to 60 minutes ahead").click()
    for title in ("On a desk", "On a phone"):
        mail = staff.frame_locator(f'iframe[title^="{title}"]')
        expect(mail.get_by_role("heading", name="You are among the next")).to_be_visible()
        expect(mail.get_by_text("Your parcel from Lamps & Light")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "/default", "/default/edit", "/default/preview/delivery_soon?locale=de"])
def test_nobody_is_kept_from_the_pages_of_messages_nor_do_they_run_off_a_phone(
    staff: Page, site: StaffSite, path: str, scheme: Any
) -> None:
    staff.emulate_media(color_scheme=scheme)
    staff.set_viewport_size({"width": 320, "height": 640})
    staff.goto(f"{site.api}/staff/messages{path}")
    assert faults(staff) == []
    assert overflow(staff) == 0
