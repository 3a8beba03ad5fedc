"""The scores page on the deployed template, as somebody with a browser sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from infra.local import deploy
from infra.ops import keys
from shared.domain.api_keys import KeyKind
from shared.storage.api_keys import ApiKeyRepository
from tests.local.stack import Deployed, eventually

pytestmark = pytest.mark.local
ATTACK = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


@pytest.fixture
def reader(page: Page, stack: Deployed) -> Page:
    """A page whose reader has logged in."""
    log_in(page, stack)
    return page


@pytest.fixture(scope="module")
def _with_an_attack(stack: Deployed) -> None:
    headers = {"authorization": f"Bearer {stack.facts['secret_key']}", "content-type": "application/json"}
    body = {"survey": "checkout", "score": 4, "comment": ATTACK}
    assert stack.request("POST", "/v1/survey_responses", json.dumps(body).encode(), headers).status == 201


@pytest.fixture(params=["light", "dark"])
def in_scheme(request: pytest.FixtureRequest, browser: Browser, stack: Deployed) -> Iterator[Page]:
    """The page on a phone of the smallest kind, by day and by night."""
    context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme=request.param)
    page = context.new_page()
    log_in(page, stack)
    yield page
    context.close()


def log_in(page: Page, stack: Deployed, key: str = "") -> None:
    page.goto(stack.facts["scores_page"])
    page.get_by_label("Secret key").fill(key or stack.facts["secret_key"])
    page.get_by_role("button", name="Open the scores").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Scores")


def cookies(context: BrowserContext) -> dict[str, Any]:
    return {str(cookie.get("name")): cookie for cookie in context.cookies()}


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [f"{each['id']}: {node['html']}" for each in found.response["violations"] for node in each["nodes"]]


def test_the_key_opens_the_page_and_stands_neither_in_address_nor_cookie(page: Page, stack: Deployed) -> None:
    page.goto(stack.facts["scores_page"] + "?survey=delivery")
    page.get_by_label("Secret key").fill(stack.facts["secret_key"])
    page.get_by_role("button", name="Open the scores").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("After delivery")
    assert page.url == stack.facts["scores_page"] + "?survey=delivery"
    (cookie,) = cookies(page.context).values()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    assert stack.facts["secret_key"] not in str(cookie) + page.content()


def test_a_wrong_key_is_told_so(page: Page, stack: Deployed) -> None:
    page.goto(stack.facts["scores_page"])
    page.get_by_label("Secret key").fill(stack.facts["publishable_key"])
    page.get_by_role("button", name="Open the scores").click()
    expect(page.get_by_role("alert")).to_contain_text("no live secret key")
    expect(page.get_by_label("Secret key")).to_be_focused()
    assert cookies(page.context) == {}
    assert faults(page) == []


def test_a_revoked_key_ends_the_session_it_opened(page: Page, stack: Deployed) -> None:
    outputs = deploy.outputs(stack.place.base)
    repository = ApiKeyRepository(stack.client("dynamodb"), outputs["SurveysTableName"])
    key = keys.create(repository, KeyKind.SECRET, "short", datetime.now(UTC), survey_id="checkout")
    log_in(page, stack, key)
    (made,) = [each for each in repository.list() if each.name == "short" and each.is_live]
    repository.revoke("short", made.key_hash, datetime.now(UTC))
    page.reload()
    expect(page.get_by_role("alert")).to_have_text("Your session has ended. Open it again with the key.")


def test_logging_out_forgets_the_session(reader: Page) -> None:
    reader.get_by_role("button", name="Log out").click()
    expect(reader.get_by_label("Secret key")).to_be_visible()
    assert cookies(reader.context) == {}
    reader.go_back()
    reader.reload()
    expect(reader.get_by_label("Secret key")).to_be_visible()


def test_it_says_what_the_metrics_say(reader: Page, stack: Deployed) -> None:
    told = stack.request(
        "GET", "/v1/metrics?survey=checkout", headers={"authorization": f"Bearer {stack.facts['secret_key']}"}
    ).json()
    hero = reader.get_by_role("region", name="Score")
    expect(hero).to_contain_text(f"{told['nps']}")
    expect(hero).to_contain_text(f"{told['response_count']} answers from")
    low, high = (round(bound) for bound in told["interval"])
    expect(hero).to_contain_text(f"between {low} and {high}".replace("-", "−"))
    expect(hero).to_contain_text("Changed or not")


def test_survey_and_days_are_chosen_without_a_script(browser: Browser, stack: Deployed) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, stack)
    page.get_by_label("From", exact=True).fill("2020-01-01")
    page.get_by_label("To", exact=True).fill("2020-01-31")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("0 answers from 1 January to 31 January 2020")).to_be_visible()
    page.get_by_label("Survey", exact=True).select_option("delivery")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("After delivery")
    page.get_by_role("navigation", name="Days").get_by_role("link", name="12 months").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("After delivery")
    page.get_by_label("To", exact=True).fill("2019-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_have_text("until lies before since.")
    context.close()


@pytest.mark.usefixtures("_with_an_attack")
def test_a_comment_that_attacks_stays_text(reader: Page) -> None:
    said: list[str] = []
    reader.on("console", lambda message: said.append(message.text))
    reader.on("pageerror", lambda error: said.append(str(error)))
    attack = reader.get_by_text('<img src=x onerror="document')
    eventually(lambda: reader.reload() and attack.count(), 30)  # lists may lag behind what is committed
    expect(attack).to_have_text(ATTACK)
    assert "run" not in reader.title()
    assert reader.locator("main img").count() == 0
    assert said == []


def test_nothing_is_cut_off_on_the_smallest_phone(in_scheme: Page) -> None:
    assert overflow(in_scheme) == 0
    expect(in_scheme.locator("svg.score:visible")).to_have_count(1)
    for summary in in_scheme.get_by_text("As a table").all():
        summary.click()
    assert overflow(in_scheme) == 0
    assert in_scheme.locator("svg.score:visible text").first.evaluate("text => text.getBoundingClientRect().height") > 8


def test_nobody_trips_over_the_page_by_day_and_by_night(in_scheme: Page) -> None:
    for summary in in_scheme.get_by_text("As a table").all():
        summary.click()
    assert faults(in_scheme) == []


def test_the_night_is_dark(browser: Browser, stack: Deployed) -> None:
    shades = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        log_in(page, stack)
        found = page.evaluate("getComputedStyle(document.body).backgroundColor")
        shades[scheme] = sum(map(int, re.findall(r"\d+", found)[:3]))
        context.close()
    assert shades["light"] > 600 and shades["dark"] < 150


def test_on_paper_there_is_the_score_and_nothing_to_press(reader: Page) -> None:
    reader.emulate_media(media="print", color_scheme="dark")
    expect(reader.get_by_role("region", name="Score")).to_be_visible()
    for pressed in ("Show", "Log out"):
        expect(reader.get_by_role("button", name=pressed)).to_be_hidden()
    assert reader.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_form_of_another_site_opens_no_session(page: Page, stack: Deployed) -> None:
    to, key = stack.facts["scores_page"], stack.facts["secret_key"]
    page.set_content(f'<form method="post" action="{to}"><input name="key" value="{key}"></form>')
    page.evaluate("document.forms[0].submit()")
    expect(page.get_by_role("alert")).to_contain_text("was not sent from this page")
    assert cookies(page.context) == {}
