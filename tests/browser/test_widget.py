"""The widget in a real browser: what it asks and how, whom and when, and that it touches nothing of its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from shared.domain.surveys import Look, Scale
from tests.browser.site import KEY, LINK, SURVEY, Site, Stored, ratings
from tests.browser.widget import CHOICE, RATED, TEXT, eventually, outbox, question, rate
from tests.infra.cloudformation import ROOT

CARD = "hearback-survey"
ASK_STUB = "<script>hearback = { q: [], ask: (...call) => hearback.q.push(call) }</script>"


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.clear()
    return running


def visit(page: Page, site: Site, more: str = "", body: str = "") -> None:
    page.goto(site.page("/shop", body + site.snippet(more=more)))


def shown(page: Page, site: Site) -> int:
    """How many surveys were asked for so far."""
    page.wait_for_timeout(50)
    return sum("/widget?" in line for line in site.requests)


# ---- What it asks ----


def test_a_rating_leaves_at_the_click_and_each_further_answer_is_the_next_revision(page: Page, site: Site) -> None:
    visit(page, site)
    rate(page, 3)
    eventually(page, lambda: ratings(site.stored().values()) == [3])
    rate(page, 9)
    eventually(page, lambda: list(site.stored().values()) == [Stored(9, None, 2, "en")])
    expect(page.get_by_role("radio", name="9", exact=True)).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("radio", name="3", exact=True)).to_have_attribute("aria-checked", "false")
    page.get_by_label("What is the main reason for your rating?").fill("Quick <b>and</b> kind")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("Thank you. This helps.")
    eventually(page, lambda: list(site.stored().values()) == [Stored(9, "Quick <b>and</b> kind", 3, "en")])
    assert "<b>" not in page.evaluate("document.body.innerHTML")


def test_questions_come_one_after_the_other_by_keyboard_alone_and_each_answer_repeats_all(
    page: Page, site: Site
) -> None:
    before = question("unboxing", Scale.CSAT, "The parcel?", Look.STARS)
    site.asks(CHOICE, TEXT, RATED, question("fit", Scale.EXPECTATION, "And the size?"), before)
    visit(page, site, body="<a href=#>before</a>")
    expect(page.get_by_role("radiogroup")).to_have_count(1)
    expect(page.get_by_role("radiogroup", name="How likely are you to recommend us to a friend?")).to_be_visible()
    page.get_by_text("before").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="0", exact=True)).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.get_by_role("radio", name="10", exact=True)).to_be_focused()
    assert site.posts() == 0, "moving among the ratings gives none"
    page.keyboard.press("Enter")
    eventually(page, lambda: len(site.responses()) == 1)

    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="A friend")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="What could be better?")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Nothing\nat all")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="And the size?")).to_be_focused()
    for key in ("Tab", "Tab"):  # past the ratings, which are one stop
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Skip")).to_be_focused()
    page.keyboard.press("Enter")
    for key in ("Tab", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.get_by_role("status")).to_have_text("Thank you. This helps.")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    eventually(page, lambda: len(site.responses()) == 4)
    last = max(site.responses(), key=lambda response: response["revision"])
    assert len({response["response_id"] for response in site.responses()}) == 1
    assert {name: given["value"] for name, given in last["ratings"].items()} == {
        "recommend": 10,
        "found_by": 7,
        "unboxing": 3,
    }
    assert last["texts"] == {"why": "Nothing\nat all"}
    page.keyboard.press("Escape")
    expect(page.locator(CARD)).to_have_count(0)


def test_a_follow_up_is_asked_in_its_band_only_and_a_changed_mind_changes_it(page: Page, site: Site) -> None:
    wrong = question("wrong", Scale.TEXT, "What went wrong?", bands=["negative"])
    liked = question("liked", Scale.TEXT, "What did you like?", bands=["positive"])
    site.asks(RATED, wrong, liked)
    visit(page, site)
    rate(page, 6)
    expect(page.get_by_label("What went wrong?")).to_have_attribute("maxlength", "1500")  # of 3000 for both
    page.get_by_label("What went wrong?").fill("half a sentence")
    rate(page, 2)
    expect(page.get_by_label("What went wrong?")).to_have_value("half a sentence")
    rate(page, 9)
    expect(page.get_by_label("What went wrong?")).to_have_count(0)
    expect(page.get_by_label("What did you like?")).to_be_visible()
    rate(page, 8)
    expect(page.get_by_role("status")).to_have_text("Thank you. This helps.")
    eventually(page, lambda: list(site.stored().values()) == [Stored(8, None, 4, "en")])


def test_what_the_server_does_not_want_is_said_aloud_in_the_card(page: Page, site: Site) -> None:
    visit(page, site)
    site.faults.append(422)
    with page.expect_console_message(lambda line: "was refused (422)" in line.text):
        rate(page, 5)
    expect(page.get_by_role("status")).to_have_text("Your answer could not be saved.")


# ---- When, and whom ----


def test_nothing_is_loaded_before_its_time_has_come(page: Page, site: Site) -> None:
    leave = "document.documentElement.dispatchEvent(new MouseEvent('mouseleave', { clientY: %d }))"
    scroll = "scrollTo(0, %d), dispatchEvent(new Event('scroll'))"
    page.clock.install()
    for more, move in (
        ('data-after="20"', ""),
        ('data-scroll="50"', scroll % 2000),
        ("data-exit", leave % -1),
        ("data-ask", "hearback.ask('checkout')"),
        ('data-ask data-after="20"', ""),
    ):
        site.requests.clear()
        visit(page, site, more, body="<div style='height:4000px'></div>")
        page.wait_for_function("window.hearback && hearback.q")
        page.clock.run_for(19_000)
        for passing_by in (scroll % 100, leave % 300):
            page.evaluate(passing_by)
        assert shown(page, site) == 0, more
        page.clock.run_for(2_000)
        page.evaluate(move or "0")
        expect(page.locator(CARD)).to_have_count(1)
        assert shown(page, site) == 1, more


def test_the_page_says_when_and_about_whom_even_before_the_script_is_there(page: Page, site: Site) -> None:
    said = (
        "<script>hearback.ask('checkout', { person: { email: 'ada@example.com' }, "
        "subject: { type: 'order', id: '1042' }, properties: { device: 'phone' } }); hearback.ask('other')</script>"
    )
    visit(page, site, "data-ask", ASK_STUB + said)
    rate(page, 8)
    eventually(page, lambda: len(site.responses()) == 1)
    (response,) = site.responses()
    assert response["claimed_person"]["email"] == "ada@example.com"
    assert response["subject"] == {"type": "order", "id": "1042"}
    assert response["properties"] == {"device": "phone"}
    assert page.evaluate("hearback.q.map(call => call[0])") == ["other"], "the tag of the other survey may yet come"
    page.evaluate("hearback.ask('checkout')")
    expect(page.locator(CARD)).to_have_count(1)
    assert shown(page, site) == 1, "one that is on is not asked once more"


def test_an_address_a_draw_and_a_recent_survey_decide_whom_it_leaves_alone(page: Page, site: Site) -> None:
    page.add_init_script("Math.random = () => 0.4")
    for more, times in (
        ('data-url="/order/\\d+"', 0),
        ('data-sample="39"', 0),
        ('data-url="/sh[aeiou]p" data-sample="41"', 1),
        ('data-again="30"', 1),
    ):
        visit(page, site, more)
        page.wait_for_function("window.hearback && hearback.q")
        assert shown(page, site) == times, more
    page.add_init_script("Math.random = () => 0.1")
    visit(page, site, 'data-sample="39"')
    page.wait_for_function("window.hearback && hearback.q")
    assert shown(page, site) == 1, "who was not drawn stays so"
    page.evaluate("localStorage.setItem('hearback/seen', Date.now() - 31 * 864e5)")
    visit(page, site, 'data-again="30"')
    expect(page.locator(CARD)).to_be_visible()


def test_a_signed_link_may_stand_in_place_of_the_key(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", f'<script async src="{site.api}/widget.js" data-survey="checkout" data-ask></script>'))
    page.wait_for_function("window.hearback && hearback.q")
    page.evaluate("token => hearback.ask('checkout', { token })", site.links.sign(LINK))
    rate(page, 9)
    rate(page, 10)
    eventually(page, lambda: len(site.responses()) == 2)
    assert {response["response_id"] for response in site.responses()} == {LINK.response_id}
    assert all(response["verified"] and response["person_id"] == LINK.person_id for response in site.responses())
    assert ratings(site.stored().values()) == [10]
    eventually(page, lambda: outbox(page) == [])


def test_one_card_at_a_time_of_two_surveys_on_a_page(page: Page, site: Site) -> None:
    page.goto(site.page("/shop", site.snippet() + site.snippet()))
    expect(page.get_by_role("radiogroup")).to_be_visible()
    assert (page.locator(CARD).count(), shown(page, site)) == (1, 1)
    rate(page, 4)
    page.get_by_role("button", name="Close").click()
    rate(page, 6)
    eventually(page, lambda: ratings(site.stored().values()) == [4, 6])
    page.evaluate("document.body.replaceChildren()")
    page.evaluate("hearback.ask('checkout')")
    expect(page.locator(CARD)).to_be_visible()


def test_a_view_is_told_once_when_the_page_is_left_and_only_if_the_survey_counts_views(page: Page, site: Site) -> None:
    hide = "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
    hide += "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))"
    told: dict[str, tuple[bool, bool]] = {}
    for step, funnel in (("shown", True), ("answered", True), ("closed", True), ("shown", False)):
        site.asks(*SURVEY.questions, funnel=funnel)
        visit(page, site)
        expect(page.get_by_role("radiogroup")).to_be_visible()
        assert len(site.views) == len(told), "nothing is told while the page is in sight"
        if step == "answered":
            rate(page, 9)
        if step == "closed":
            page.get_by_role("button", name="Close").click()
        page.evaluate(hide + ";" + hide)
        page.wait_for_timeout(50)
        if not funnel:
            break
        eventually(page, lambda: len(site.views) == len(told) + 1)
        view = site.views[-1]
        told[view["view_id"]] = (view["started"], view["dismissed"])
        assert (view["channel"], view["shown"]) == ("widget", True)
    assert list(told.values()) == [(False, False), (True, False), (False, True)]
    assert (len(site.views), len(site.told.sent)) == (3, 3), "and the door takes what the card tells"


# ---- The page around it ----


def test_the_readmes_lines_in_an_empty_file_show_with_one_request_and_answer_with_one(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    (snippet,) = re.findall(r"```html\n(<script async src=.*?</script>)\n```", (ROOT / "README.md").read_text())
    file = tmp_path / "empty.html"
    file.write_text(snippet.replace("https://YOUR-API", site.api).replace("pk_…", KEY))
    with browser.new_context() as context:  # Not `page`: where requests are intercepted, no preflight is ever sent.
        page = context.new_page()
        page.goto(file.as_uri())
        rate(page, 10)
        eventually(page, lambda: ratings(site.stored().values()) == [10])
        assert context.cookies() == []
    to_us = [line.split("?")[0] for line in site.requests]
    assert to_us == ["GET /widget.js", "GET /v1/surveys/checkout/widget", "POST /v1/surveys/checkout/responses"]


def test_a_strict_policy_and_a_hostile_style_sheet_change_nothing(page: Page, site: Site) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    policy = f"default-src 'none'; script-src {site.api}; connect-src {site.api}; style-src {site.shop}; "
    site.pages["/shop.css"] = (
        "body *, hearback-survey { display: none !important; font: 90px serif !important; color: red !important; "
        "position: static !important; width: 9px !important; transform: scale(9); opacity: .1 }",
        {"content-type": "text/css"},
    )
    body = f'<link rel=stylesheet href="{site.shop}/shop.css">{site.snippet()}'
    policy += "require-trusted-types-for 'script'; trusted-types"
    page.goto(site.page("/shop", body, {"content-security-policy": policy}))
    button = page.get_by_role("radio", name="8", exact=True)
    button.click()
    expect(button).to_have_css("font-size", "16px")
    expect(page.get_by_role("heading").first).to_have_css("font-weight", "600")
    expect(page.locator(CARD)).to_have_css("position", "fixed")
    expect(page.locator(CARD)).to_have_css("opacity", "1")
    box = page.locator(CARD).bounding_box()
    assert box is not None and box["width"] == 432
    eventually(page, lambda: ratings(site.stored().values()) == [8])
    assert [text for text in refused if "favicon" not in text] == []


def test_a_wrong_tag_or_origin_shows_nothing_and_says_why_in_one_line(page: Page, site: Site) -> None:
    lines: list[str] = []
    page.on("console", lambda line: lines.append(line.text))
    for survey, key, says in (
        ("checkout", "pk_wrong", "no live publishable key"),
        ("nowhere", KEY, "no such survey"),
        ("", KEY, "needs data-survey and data-key"),
    ):
        lines.clear()
        page.goto(site.page("/shop", site.snippet(survey, key)))
        eventually(page, lambda: any(line.startswith("hearback: ") for line in lines))
        ours = [line for line in lines if line.startswith("hearback: ")]
        assert len(ours) == 1 and says in ours[0]
        expect(page.locator(CARD)).to_have_count(0)
    with (
        Site(origins=("https://shop.example",)) as elsewhere,
        page.expect_console_message(lambda line: "has been blocked by CORS policy" in line.text),
    ):
        page.goto(elsewhere.page("/shop", elsewhere.snippet()))
    expect(page.locator(CARD)).to_have_count(0)


def test_it_speaks_the_language_of_the_page_or_falls_back_to_the_surveys_own(page: Page, site: Site) -> None:
    visit(page, site, 'data-locale="de-AT"')
    expect(page.get_by_role("radiogroup")).to_have_accessible_name(
        "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?"
    )
    rate(page, 0)
    expect(page.get_by_role("button", name="Senden")).to_be_visible()
    eventually(page, lambda: list(site.stored().values()) == [Stored(0, None, 1, "de")])
    visit(page, site, 'data-locale="fr"')
    expect(page.get_by_role("radiogroup")).to_have_accessible_name("How likely are you to recommend us to a friend?")


def test_right_to_left_it_is_mirrored_and_the_arrow_keys_with_it(page: Page, site: Site) -> None:
    arabic = question("recommend", Scale.NPS, "?").model_copy(update={"text": {"ar": "هل توصي بنا صديقًا؟"}})
    site.asks(arabic, default_locale="ar")
    page.goto(site.page("/shop", f"<body dir=rtl>{site.snippet()}"))
    zero, one = (page.get_by_role("radio", name=name, exact=True) for name in ("0", "1"))
    zero.focus()
    page.keyboard.press("ArrowLeft")
    expect(one).to_be_focused()
    boxes = [item.bounding_box() for item in (zero, one, page.get_by_role("button", name="Close"))]
    assert all(boxes)
    (first, second, cross) = (box["x"] for box in boxes if box)
    assert first > second > cross
    card = page.locator(CARD).bounding_box()
    assert card is not None and card["x"] == 16


def test_axe_finds_nothing_and_a_theme_is_a_few_custom_properties(page: Page, site: Site) -> None:
    site.asks(RATED, CHOICE, question("stars", Scale.CSAT, "The parcel?", Look.STARS), TEXT)
    theme = "<style>:root { --hearback-brand: #ffd400; --hearback-on-brand: #111; --hearback-radius: 0 }</style>"
    page.emulate_media(reduced_motion="reduce")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        visit(page, site, body=f"<meta name=color-scheme content='light dark'><main><h1>Shop</h1></main>{theme}")
        for press in ("8", "A friend") if scheme == "light" else ("8", "A friend", "4 stars"):
            page.get_by_role("radio", name=press, exact=True).click()
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()
        expect(page.get_by_role("radio", name="8", exact=True)).to_have_css("background-color", "rgb(255, 212, 0)")
        expect(page.locator("section")).to_have_css("border-radius", "0px")
        expect(page.locator("section")).to_have_css("animation-name", "none")
