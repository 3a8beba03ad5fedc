"""Programs that open the links of e-mails answer nothing, whatever they do with a page; a person's one press does.

The mail is one that `notify` sent in a deployed stack, whose functions answer the browser, so that "nothing" is nothing
anywhere: no message on the queue, no answer in the table, no alert. Clocks stand for waiting, the stack's and the
browser's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.simulation.answers import stored_answers
from tests.simulation.deployed import Reply
from tests.simulation.shop import SECRET, SURVEY, Shop, shop

FORM = {"content-type": "application/x-www-form-urlencoded"}
DOOR = f"/v1/surveys/{SURVEY['survey_id']}/responses"


class Mailbox:
    """Somebody who was invited, and the stack behind the links."""

    def __init__(self, opened: Shop) -> None:
        self.shop = opened
        self.errors: list[str] = []
        opened.register("parcel-1")
        for status in ("out_for_delivery", "delivered"):
            opened.report("parcel-1", status)
            opened.wait(60)
        (mail,) = (sent.request for sent in opened.aws.ses.accepted if "/r/" in str(sent.request))
        body = mail["Content"]["Simple"]["Body"]
        self.ratings = [unescape(link) for link in re.findall(r'href="([^"]+\?rating=\d+)"', body["Html"]["Data"])]
        (self.no_more,) = re.findall(r"https://\S+/u/\S+", body["Text"]["Data"])
        (self.plain,) = re.findall(r"https://\S+/r/\S+", body["Text"]["Data"])

    def ask(self, method: str, address: str, body: str | None = None, **headers: str) -> Reply:
        """One request, as the gateway takes it."""
        url = urlsplit(address)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.shop.stack.http(method, url.path, body, query=dict(parse_qsl(url.query)), headers=named)

    def wait(self, page: Page, seconds: int) -> None:
        """Time passes for the page and for the stack, at once."""
        self.shop.aws.clock.advance(seconds)
        page.clock.run_for(seconds * 1000)

    def alerts(self) -> int:
        """Let everything that was accepted have its consequences; how many mails the survey's owner has got."""
        self.shop.wait(600)
        return sum(sent.to == tuple(SURVEY["alert_to"]) for sent in self.shop.aws.ses.accepted)

    def answers(self) -> list[tuple[int, int]]:
        """The ratings that are stored, with their revisions."""
        return [(answer.rating, answer.revision) for answer in stored_answers(self.shop.aws).values()]

    def unsubscribed(self) -> list[str]:
        """The addresses that want to be asked no more, as a back office reads them."""
        return [entry["email"] for entry in self.shop.stack.http("GET", "/v1/unsubscribes", key=SECRET).json]

    def queued(self) -> int:
        """Messages that the public door has ever put on its queue."""
        log = self.shop.aws.log
        return sum(one.call.function == "survey_ingest" and one.call.operation == "SendMessage" for one in log)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with shop() as opened:
        yield Mailbox(opened)


@pytest.fixture
def page(browser: Browser, mailbox: Mailbox) -> Iterator[Page]:
    """A page whose every request the stack answers."""

    def answered(route: Route) -> None:
        request = route.request
        reply = mailbox.ask(request.method, request.url, request.post_data or "", **request.headers)
        route.fulfill(status=reply.status, headers=dict(reply.headers), body=reply.body)

    context = browser.new_context(locale="en-GB")
    context.route("**/*", answered)
    opened = context.new_page()
    opened.on("pageerror", lambda error: mailbox.errors.append(str(error)))
    opened.clock.install(time=0)
    opened.clock.pause_at(1000)
    yield opened
    context.close()
    assert mailbox.errors == []


def reads_every_link(mailbox: Mailbox, page: Page) -> None:
    for link in [*mailbox.ratings, mailbox.plain]:
        assert mailbox.ask("GET", link).status == 200


def asks_for_heads(mailbox: Mailbox, page: Page) -> None:
    for link in [*mailbox.ratings, mailbox.plain]:
        assert mailbox.ask("HEAD", link).status == 200


def runs_scripts_and_waits(mailbox: Mailbox, page: Page) -> None:
    for link in mailbox.ratings:
        page.goto(link)
        assert page.locator("input:checked").get_attribute("value") == link.rpartition("=")[2]
        mailbox.wait(page, 10)


def posts_every_form(mailbox: Mailbox, page: Page) -> None:
    """Reads a page's forms, and posts them filled in, to where they say and to where their script would."""
    for link in mailbox.ratings:
        mailbox.shop.aws.clock.advance(60)  # slowly enough not to be refused for its pace
        html = mailbox.ask("GET", link).body
        (form,) = re.findall(r"<form[^>]*>", html)
        assert 'method="post"' in form
        target, response, nonce = (
            unescape(re.findall(rf'data-{name}="([^"]*)"', form)[0]) for name in ("to", "response", "nonce")
        )
        filled = urlencode({"recommend": link.rpartition("=")[2], "comment": "x", "nonce": nonce})
        again = mailbox.ask("POST", link, filled, **FORM)
        assert (again.status, "Answering needs JavaScript" in again.body) == (200, True)
        assert mailbox.ask("POST", f"https://x/{target.removeprefix('../')}", filled, **FORM).status == 415
        token = dict(parse_qsl(urlsplit(target).query))
        body: dict[str, Any] = {"rating": 9, "response_id": response}
        hasty = {**body, "proof": {"nonce": nonce, "pressed_after_ms": 5000}}
        for said in (body, {**body, "proof": {"nonce": "", "pressed_after_ms": 5000}}, hasty):
            assert mailbox.shop.stack.http("POST", DOOR, said, query=token).status == 403


def presses_by_script(mailbox: Mailbox, page: Page) -> None:
    """Waits like a person, then does to every element what a script can do, and submits what can be submitted."""
    for link in mailbox.ratings[::5]:
        page.goto(link)
        mailbox.wait(page, 10)
        page.evaluate(
            """() => {
                const events = {
                    PointerEvent: ["pointerdown", "pointerup"], MouseEvent: ["mousedown", "mouseup", "click"],
                    KeyboardEvent: ["keydown", "keyup"], InputEvent: ["input"], Event: ["change"],
                };
                const how = { bubbles: true, key: "Enter", code: "Enter" };
                for (const element of document.querySelectorAll("body *")) {
                    for (const [kind, names] of Object.entries(events))
                        for (const name of names) element.dispatchEvent(new window[kind](name, how));
                    element.focus?.();
                    element.click?.();
                }
                const form = document.querySelector("form");
                form.requestSubmit();
                form.requestSubmit(form.querySelector("button"));
            }"""
        )
        mailbox.wait(page, 10)
        with page.expect_navigation():
            page.evaluate("document.querySelector('form').submit()")
        assert "/r/" in page.url
        page.goto("about:blank")


def follows_what_is_hidden(mailbox: Mailbox, page: Page) -> None:
    """Every address in the page, whether a person can see it or not."""
    for link in mailbox.ratings:
        html = mailbox.ask("GET", link).body
        found = re.findall(r'(?:href|src|action|data-\w+)="([^"]*/[^"]*)"', html)
        assert found, "the page names where its script sends the answer"
        for address in map(unescape, found):
            for method in ("GET", "HEAD"):
                assert mailbox.ask(method, f"https://x/{address.removeprefix('../')}").status in {401, 404, 405}


SCANNERS: tuple[Callable[[Mailbox, Page], None], ...] = (
    reads_every_link,
    asks_for_heads,
    runs_scripts_and_waits,
    posts_every_form,
    presses_by_script,
    follows_what_is_hidden,
)


def test_no_scanner_answers_and_then_one_press_does(mailbox: Mailbox, page: Page) -> None:
    assert len(mailbox.ratings) == 11
    mails = len(mailbox.shop.aws.ses.accepted)
    for scanner in SCANNERS:
        scanner(mailbox, page)
        assert (mailbox.queued(), mailbox.answers()) == (0, []), scanner.__name__
    assert mailbox.alerts() == 0
    assert len(mailbox.shop.aws.ses.accepted) == mails
    page.goto(mailbox.ratings[2])
    mailbox.wait(page, 2)
    expect(page.get_by_text("One more press")).to_be_visible()
    page.get_by_role("radio", name="2", exact=True).click()
    mailbox.wait(page, 1)
    expect(page.get_by_role("status")).to_contain_text("Your rating is saved")
    expect(page.get_by_text("One more press")).to_be_hidden()
    assert (mailbox.queued(), mailbox.alerts()) == (1, 1)
    ((rating, first),) = mailbox.answers()
    assert rating == 2
    page.get_by_label("What is the main reason").fill("It rained in.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
    assert mailbox.alerts() == 1 + 1, "one alert, and one mail with the comment that came later"
    ((rating, later),) = mailbox.answers()
    assert (rating, later > first) == (2, True)
    assert mailbox.shop.stack.refused_calls() == mailbox.shop.stack.uncaught == []


def test_the_keyboard_alone_presses_and_send_is_a_press_too(mailbox: Mailbox, page: Page) -> None:
    page.goto(mailbox.ratings[9])
    assert page.get_by_role("button", name="Send").is_disabled()
    mailbox.wait(page, 1)
    page.get_by_role("radio", name="9", exact=True).focus()
    page.keyboard.press("Space")
    mailbox.wait(page, 1)
    expect(page.get_by_role("status")).to_contain_text("Your rating is saved")
    page.goto(mailbox.ratings[10])
    mailbox.wait(page, 1)
    page.get_by_role("button", name="Send").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you")).to_be_visible()
    assert (mailbox.queued(), mailbox.alerts()) == (2, 0)
    assert [rating for rating, _ in mailbox.answers()] == [10]


def test_a_press_before_anybody_can_have_seen_the_page_is_none(mailbox: Mailbox, page: Page) -> None:
    page.goto(mailbox.ratings[3])
    page.get_by_role("radio", name="3", exact=True).click()
    mailbox.wait(page, 5)
    expect(page.get_by_role("status")).to_have_text("")
    assert mailbox.queued() == 0


def test_a_page_that_was_open_for_more_than_a_day_says_what_to_do(mailbox: Mailbox, page: Page) -> None:
    page.goto(mailbox.ratings[3])
    mailbox.shop.aws.clock.advance(25 * 3600)
    mailbox.wait(page, 1)
    page.get_by_role("radio", name="3", exact=True).click()
    mailbox.wait(page, 1)
    expect(page.get_by_role("status")).to_contain_text("Please open the link in your e-mail again")
    assert mailbox.queued() == 0


def test_the_page_behind_a_rating_can_be_used_by_everybody(mailbox: Mailbox, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(mailbox.ratings[7])
    mailbox.wait(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.clock.resume()  # axe waits by the page's clock
    assert Axe().run(page).response["violations"] == []


def test_the_link_at_the_foot_of_the_mail_opens_a_page_with_one_button(mailbox: Mailbox, page: Page) -> None:
    page.goto(mailbox.no_more)
    page.clock.resume()  # axe waits by the page's clock
    assert Axe().run(page).response["violations"] == []
    assert mailbox.unsubscribed() == []
    page.get_by_role("button", name="Ask me no more").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    assert mailbox.unsubscribed() == ["parcel-1@example.org"]
