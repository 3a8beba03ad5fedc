"""The whole way, as a person with a browser sees it: demo shop, answer, one alert; a parcel, and its survey link."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.local.stack import Deployed, eventually

pytestmark = pytest.mark.local
ALERT_SECONDS = 90


def alerts(stack: Deployed, about: str) -> list[dict[str, str]]:
    return [message for message in stack.messages() if about in message["text"]]


def test_a_low_rating_with_a_comment_becomes_exactly_one_alert(page: Page, stack: Deployed) -> None:
    page.goto(stack.facts["demo_page"])
    page.get_by_role("radio", name="3", exact=True).click()
    page.get_by_label("What is the main reason for your rating?").fill("The <b>ink</b> leaked over everything.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("Thank you!")
    eventually(lambda: alerts(stack, "leaked over everything"), ALERT_SECONDS)

    page.goto(stack.facts["mail_page"])
    alert = page.get_by_role("article").filter(has_text="leaked over everything")
    expect(alert).to_have_count(1)
    page.wait_for_timeout(7000)  # longer than the grace of a comment that comes by itself
    assert len(alerts(stack, "leaked over everything")) == 1, "a comment within the grace stands in the alert, alone"


def test_a_delivered_parcel_asks_its_customer_by_a_link_that_opens_on_a_phone(
    browser: Browser, stack: Deployed
) -> None:
    survey_id = stack.facts["delivery_survey_id"]
    headers = {"authorization": f"Bearer {stack.facts['secret_key']}", "content-type": "application/json"}
    delivery = {
        "delivery_id": "browser-1",
        "carrier": "dhl",
        "recipient": {"email": "mira@example.com", "name": "Mira Sommer", "locale": "en"},
        "survey_id": survey_id,
    }

    def answers() -> int:
        return int(stack.request("GET", f"/v1/metrics?survey={survey_id}", headers=headers).json()["response_count"])

    before = answers()
    now = datetime.now(UTC).isoformat()
    event = {"event_id": "browser-1-delivered", "status": "delivered", "occurred_at": now}
    for path, body in (("/v1/deliveries", delivery), ("/v1/deliveries/browser-1/events", event)):
        answer = stack.request("POST", path, json.dumps(body).encode(), headers)
        assert answer.status == 202, answer.body

    def invitation() -> str:
        texts = [message["text"] for message in stack.messages() if "mira@example.com" in str(message["to"])]
        return next((found[0] for text in texts if (found := re.search(r"http://\S+/r/\S+", text))), "")

    link = eventually(invitation, ALERT_SECONDS)
    with browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True) as context:
        page = context.new_page()
        page.goto(link)
        expect(page.get_by_role("group")).to_have_accessible_name("How satisfied are you with this delivery?")
        page.locator("label").filter(has=page.get_by_role("radio", name="5", exact=True)).tap()
        page.get_by_role("button", name="Send").tap()
        expect(page.get_by_text("Thank you!")).to_be_visible()

    assert eventually(lambda: answers() == before + 1, ALERT_SECONDS)
