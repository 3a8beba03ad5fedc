"""The page where a customer chooses what they are sent, in a real browser: with a finger, a keyboard and a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from functions.preferences import app as preferences_app
from functions.preferences.service import Preferences
from shared.clock import SystemClock
from shared.domain.links import PreferencesLink, Unsubscribe
from shared.domain.messages import Category, Channel
from shared.domain.people import Person
from shared.domain.preferences import REFUSABLE, Refusal, Refusals, Refused
from shared.tokens import PreferencesLinks, UnsubscribeLinks
from tests.browser.site import Site
from tests.fakes.notify import OnlyPeople
from tests.fakes.wishes import PERSON


def keys() -> tuple[str, ...]:
    return ("a key of the test",)


class Kept:
    """Stands in for `PreferenceRepository`."""

    def __init__(self) -> None:
        self.refused: dict[Refused, Refusal] = {}

    def of(self, person: Person) -> Refusals:
        return dict(self.refused)

    def save(self, person: Person, wanted: Mapping[Refused, bool], at: datetime, by: str) -> Refusals:
        for what, is_refused in wanted.items():
            if is_refused:
                self.refused.setdefault(what, Refusal(since=at, by=by))
            else:
                self.refused.pop(what, None)
        return self.of(person)


class PreferenceSite(Site):
    """The site with the preference page."""

    def __init__(self) -> None:
        super().__init__()
        self.kept, self.choices, self.unsubscribes = Kept(), PreferencesLinks(keys), UnsubscribeLinks(keys)
        self._apps.append(preferences_app)

    def __enter__(self) -> PreferenceSite:
        super().__enter__()
        service = Preferences(
            unsubscribes=self.unsubscribes,
            choices=self.choices,
            people=OnlyPeople(PERSON),
            kept=self.kept,
            clock=SystemClock(),
        )
        self._patch.setattr(preferences_app, "service", lambda: service)
        self._patch.setattr(preferences_app, "settings", lambda: SimpleNamespace(public_base_url=self.api))
        return self

    @property
    def address(self) -> str:
        return f"{self.api}/preferences/{self.choices.sign(PreferencesLink(person_id=PERSON.person_id))}"

    def no_more(self, category: Category) -> str:
        link = Unsubscribe(person_id=PERSON.person_id, channel=Channel.EMAIL, category=category)
        return f"{self.api}/u/{self.unsubscribes.sign(link)}"


@pytest.fixture
def site() -> Iterator[PreferenceSite]:
    with PreferenceSite() as running:
        yield running


def test_on_a_phone_what_is_chosen_is_saved_and_shown(page: Page, site: PreferenceSite) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(site.address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for box in (label.bounding_box() for label in page.locator("label").all()):
        assert box is not None and min(box["width"], box["height"]) >= 44
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2 * len(REFUSABLE))
    page.get_by_role("checkbox", name="It comes in 30 to 60 minutes, by SMS").uncheck()
    page.get_by_role("checkbox", name="Questions about how it went, and thanks for your answer, by E-mail").uncheck()
    assert site.kept.refused == {}
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert set(site.kept.refused) == {Refused(Channel.SMS, Category.SOON), Refused(Channel.EMAIL, Category.SURVEYS)}
    page.goto(site.address)
    expect(page.get_by_role("checkbox", name="It comes in 30 to 60 minutes, by SMS")).not_to_be_checked()
    expect(page.get_by_role("status")).to_have_count(0)


def test_the_keyboard_alone_refuses_a_whole_channel_and_takes_it_back(page: Page, site: PreferenceSite) -> None:
    page.goto(site.address)
    nothing = page.get_by_role("checkbox", name="Nothing at all by SMS to +49 \u2026 678")
    for expected in ({Refused(Channel.SMS, None)}, set()):
        nothing.focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Saved")
        assert set(site.kept.refused) == expected


def test_loading_the_page_again_after_saving_saves_the_same(page: Page, site: PreferenceSite) -> None:
    page.goto(site.address)
    page.get_by_role("checkbox", name="You are the next stop, by SMS").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    kept = dict(site.kept.refused)
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert site.kept.refused == kept


def test_from_the_foot_of_a_mail_about_a_stage_it_is_one_press_and_one_more_to_choose(
    page: Page, site: PreferenceSite
) -> None:
    page.goto(site.no_more(Category.SOON))
    assert site.kept.refused == {}
    page.get_by_role("button", name="Send me no more of these").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    assert set(site.kept.refused) == {Refused(Channel.EMAIL, Category.SOON)}
    page.get_by_role("link", name="Choose everything that we may send you").click()
    expect(page.get_by_role("checkbox", name="It comes in 30 to 60 minutes, by E-mail")).not_to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_everybody_can_use_it_in_both_languages_by_day_and_by_night(
    browser: Browser, site: PreferenceSite, scheme: str, locale: str
) -> None:
    context = browser.new_context(
        locale=locale, color_scheme="dark" if scheme == "dark" else "light", viewport={"width": 320, "height": 640}
    )
    page = context.new_page()
    for address in (site.address, site.no_more(Category.SOON)):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert Axe().run(page).response["violations"] == []
        page.get_by_role("button").click()
        assert Axe().run(page).response["violations"] == []
    assert page.locator("html").get_attribute("lang") == locale[:2]
    context.close()
