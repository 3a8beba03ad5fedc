"""Takes the screenshots of docs/images anew: `make up demo`, then `.venv/bin/python -m tests.browser.screenshots`."""

from __future__ import annotations

import base64
import json
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from infra.local.seed import BRAND
from infra.ops.definitions import read_file
from shared.domain.brands import Brand
from shared.domain.links import LinkChannel
from shared.domain.messages import MessageKind
from shared.domain.people import Person
from shared.domain.routes import ReplanReason
from shared.domain.surveys import Look, Option, Question, Scale
from shared.texts.examples import example
from shared.texts.rendering import InvitationLinks, Rendering
from tests.browser.conftest import find_chromium
from tests.browser.site import LINK, SURVEY, Site
from tests.browser.test_kiosk import VISIT
from tests.browser.test_live_page import VanSite
from tests.browser.test_preference_page import PreferenceSite
from tests.browser.test_staff_page import StaffSite, log_in
from tests.browser.widget import RATED, question

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
PATIENCE_SECONDS = 60
ABOUT = (Option(value=1, text={"en": "The delivery"}), Option(value=2, text={"en": "The product"}))


def main(stack_file: Path) -> None:
    """Take them all.

    Args:
        stack_file: What `make up` wrote when it was ready.
    """
    facts = json.loads(stack_file.read_text(encoding="utf-8"))
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright))
        tell(facts, "delivered")
        tell(facts, "out_for_delivery", "arriving")
        demo_shop(browser, facts)
        mail_page(browser, facts)
        scores_page(browser, facts)
        link_page(browser)
        rating(browser)
        kiosk(browser)
        widget(browser)
        staff_page(browser)
        preference_page(browser)
        mails(browser)
        live_page(browser)
        browser.close()
    for image in sorted(IMAGES.glob("*.png")):
        print(f"{image.relative_to(ROOT)}: {image.stat().st_size // 1024} KB")


def demo_shop(browser: Browser, facts: dict[str, Any]) -> None:
    page = opened(browser, facts["demo_page"], 1200, 800)
    page.get_by_role("radio", name="3", exact=True).click()
    page.get_by_label("What is the main reason").fill(
        "The ink leaked through the parcel, and the notebook is blue now."
    )
    page.wait_for_timeout(400)
    page.screenshot(path=IMAGES / "demo-shop.png")
    page.get_by_role("button", name="Send").click()
    page.wait_for_timeout(400)


def widget(browser: Browser) -> None:
    """Four looks of one card, each in a frame of its own: light, dark, right to left, and on a small phone."""
    arabic = {"ar": "ما مدى احتمال أن توصي بنا صديقًا؟"}
    stars = question("parcel", Scale.CSAT, "How was the parcel?", Look.STARS)
    frames: tuple[tuple[Question, str, str, int], ...] = (
        (stars, "4 stars", "light", 480),
        (question("easy", Scale.CES, "It was easy to find what I wanted.", Look.SMILEYS), "Agree", "dark", 480),
        (RATED.model_copy(update={"text": arabic}), "9", "light", 480),
        (RATED, "3", "dark", 320),
    )
    why = question("why", Scale.CHOICE, "What was it about?", options=[one.model_dump() for one in ABOUT])
    with Site() as site:
        holder = "".join(f"<iframe name=f{at} width={frame[3]} height=460></iframe>" for at, frame in enumerate(frames))
        style = (
            "<style>body{margin:8px;width:984px}iframe{border:0;background:#8882;border-radius:8px;margin:4px}</style>"
        )
        page = opened(browser, site.page("/holder", style + holder), 1000, 956)
        page.route("**/*", lambda route: route.continue_())  # and so without the browser's cache of the questions
        for at, (asked, press, scheme, _) in enumerate(frames):
            rtl = "ar" in asked.text
            site.asks(asked, *(() if rtl else (why,)), default_locale="ar" if rtl else "en")
            head = f"<meta name=color-scheme content={scheme}><body dir={'rtl' if rtl else 'ltr'}>"
            address = site.page(f"/{at}", f"{head}{site.snippet()}")
            page.evaluate("([name, to]) => { document.getElementsByName(name)[0].src = to }", [f"f{at}", address])
            page.frame_locator(f"[name=f{at}]").get_by_role("radio", name=press, exact=True).click()
        page.wait_for_timeout(200)
        page.screenshot(path=IMAGES / "widget.png")


def link_page(browser: Browser) -> None:
    """Behind a link: stars, and the follow-up of an unhappy rating."""
    stars = question("parcel", Scale.CSAT, "How was the parcel?", Look.STARS)
    why = question("why", Scale.CHOICE, "What was it about?", options=[one.model_dump() for one in ABOUT])
    follow_up = why.model_copy(update={"bands": ("negative", "neutral")})
    with Site(SURVEY.model_copy(update={"questions": (stars, follow_up)})) as site:
        page = opened(browser, site.link(), 390, 780)
        page.get_by_role("radio", name="3 stars").click()
        page.get_by_text("Your rating is saved").wait_for()
        page.screenshot(path=IMAGES / "link-page.png")


def rating(browser: Browser) -> None:
    """An invitation as a mail program shows it, and beside it the page that a press on one of its ratings opens."""
    ada = Person(person_id="per_1", email="ada@example.org", name="Ada")
    with Site() as site:
        link = LINK.model_copy(update={"channel": LinkChannel.EMAIL, "rated": True})
        address = f"{site.api}/r/{site.links.sign(link)}"
        links = InvitationLinks(address=address, unsubscribe=f"{site.api}/u/token")
        mail = (
            Rendering().question(MessageKind.SURVEY_INVITATION, "en", SURVEY, ada, links, about_delivery=True).email()
        )
        holder = opened(browser, site.page("/mail", mail.html), 470, 720)
        left = holder.screenshot()
        behind = opened(browser, f"{address}?rating=9", 470, 720)
        behind.locator("button:enabled").wait_for()
        right = behind.screenshot()
        both = "".join(
            f"<img width=470 src='data:image/png;base64,{base64.b64encode(each).decode()}'>" for each in (left, right)
        )
        page = opened(browser, site.page("/both", f"<body style='margin:0;display:flex'>{both}"), 940, 720)
        page.screenshot(path=IMAGES / "rating.png")


def mail_page(browser: Browser, facts: dict[str, Any]) -> None:
    page = opened(browser, facts["mail_page"], 900, 1000)
    page.get_by_text("notebook is blue now").first.wait_for(state="attached")
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / "mail-page.png")


def scores_page(browser: Browser, facts: dict[str, Any]) -> None:
    page = opened(
        browser, f"{facts['scores_page']}?survey=relationship-2020&since=2020-10-01&until=2020-12-31", 1080, 900
    )
    page.get_by_label("Secret key").fill(facts["secret_key"])
    page.get_by_role("button", name="Open the scores").click()
    page.get_by_role("region", name="Score").wait_for()
    page.screenshot(path=IMAGES / "scores.png")


def kiosk(browser: Browser) -> None:
    """A terminal with a survey of its own, which the demo has not."""
    with Site(VISIT) as site:
        page = opened(browser, site.kiosk(), 1024, 640)
        page.get_by_role("button", name="Satisfied", exact=True).wait_for()
        page.screenshot(path=IMAGES / "kiosk.png")


def staff_page(browser: Browser) -> None:
    """A survey as it is written, and the same as it is tried."""
    stars = Question(id="stars", scale=Scale.CSAT, look=Look.STARS, text={"en": "And our staff?"}, bands=("negative",))
    with StaffSite() as site:
        site.known.publish(SURVEY.model_copy(update={"questions": (*SURVEY.questions, stars)}))
        page = browser.new_page(viewport={"width": 1080, "height": 900}, reduced_motion="reduce", locale="en-GB")
        log_in(page, site)
        page.goto(f"{site.api}/staff/surveys/checkout")
        page.locator("#questions").evaluate("heading => heading.scrollIntoView()")
        page.screenshot(path=IMAGES / "staff.png")
        page.goto(f"{site.api}/staff/surveys/checkout/preview")
        page.frame_locator("iframe").get_by_role("radio", name="9", exact=True).wait_for()
        page.screenshot(path=IMAGES / "staff-preview.png")


def preference_page(browser: Browser) -> None:
    """Where a customer chooses what they are sent: on a desktop, and on a phone by night just after saving."""
    with PreferenceSite() as site:
        page = opened(browser, site.address, 900, 1160)
        page.screenshot(path=IMAGES / "preferences.png")
        phone = browser.new_page(
            viewport={"width": 390, "height": 844}, color_scheme="dark", reduced_motion="reduce", locale="en-GB"
        )
        phone.goto(site.address)
        phone.get_by_role("checkbox", name="It comes tomorrow, by SMS").uncheck()
        phone.get_by_role("button", name="Save").click()
        phone.get_by_role("status").wait_for()
        phone.screenshot(path=IMAGES / "preferences-phone.png")


def mails(browser: Browser) -> None:
    """An e-mail as it is mailed, on a desk and on a phone, and the page on which staff see it."""
    brand = Brand.model_validate({"brand_id": "default", "version": 1, **read_file(BRAND, "brand")})
    mail = example(Rendering(), MessageKind.DELIVERY_SOON, "en", brand).email().html
    for name, width, height in (("mail", 720, 420), ("mail-phone", 375, 420)):
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=2)
        page.set_content(mail)
        page.screenshot(path=IMAGES / f"{name}.png")
    with StaffSite() as site:
        site.brands.publish(brand.brand_id, brand)
        page = browser.new_page(viewport={"width": 1080, "height": 900}, reduced_motion="reduce", locale="en-GB")
        log_in(page, site)
        page.goto(f"{site.api}/staff/messages/default/preview/delivery_day_before")
        page.frame_locator("iframe.mail").first.get_by_role("heading", level=1).wait_for()
        page.screenshot(path=IMAGES / "staff-messages.png")


def live_page(browser: Browser) -> None:
    """A parcel three customers away, on a phone by day; the same after a re-plan, at a desk by night; and delivered."""
    with VanSite() as site:
        site.plan(3)
        site.ping(expected=35)
        opened(browser, site.address(), 390, 780).screenshot(path=IMAGES / "track-phone.png")
        site.clock.advance(timedelta(minutes=5))
        site.plan(6, because=ReplanReason.TRAFFIC)
        page = browser.new_page(viewport={"width": 1000, "height": 700}, color_scheme="dark", locale="de-DE")
        page.goto(site.address())
        page.screenshot(path=IMAGES / "track-desktop.png")
        site.clock.advance(timedelta(minutes=50))
        site.happens("delivered")
        opened(browser, site.address(), 390, 780).screenshot(path=IMAGES / "track-delivered.png")


def tell(facts: dict[str, Any], *statuses: str) -> None:
    """Register a parcel and tell what happened to it, slowly enough that each message is still true when it is sent."""
    delivery_id = f"picture-{time.time_ns()}"
    recipient = {"email": "mira@example.com", "phone": "+4915112345678", "name": "Mira Sommer", "locale": "en"}
    survey = {"survey_id": facts["delivery_survey_id"]}
    post(facts, "deliveries", {"delivery_id": delivery_id, "carrier": "dhl", "recipient": recipient, **survey})
    for status in statuses:
        event = {"event_id": f"{delivery_id}-{status}", "status": status, "occurred_at": datetime.now(UTC).isoformat()}
        post(facts, f"deliveries/{delivery_id}/events", event)
        time.sleep(6)


def post(facts: dict[str, Any], path: str, body: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {facts['secret_key']}", "content-type": "application/json"}
    request = urllib.request.Request(facts["api"] + path, json.dumps(body).encode(), headers)  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310  our own address


def opened(browser: Browser, address: str, width: int, height: int) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce", locale="en-GB")
    page.goto(address)
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".local" / "stack.json")
