"""The story that `make demo` tells, as its customers and the shop see it: on the mail page and on the live page."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from infra.demo.client import Client
from infra.demo.golden import COMMENT, Golden, Step
from tests.local.stack import Deployed

pytestmark = [pytest.mark.local, pytest.mark.slow]
SHOP = "Paper & Ink"

ADA = [
    ("email", "Your delivery is planned DAY between 14:00 and 16:00"),
    ("email", "Your delivery comes tomorrow between 14:00 and 16:00"),
    ("sms", f"{SHOP}: Your parcel is on its way, today between 14:00 and 16:00. LINK"),
    ("sms", f"{SHOP}: Your parcel will be with you at about 14:40. LINK"),
    ("sms", f"{SHOP}: Your parcel is a few minutes away: the next stop is yours. LINK"),
    ("sms", f"{SHOP}: Your parcel was delivered today at 14:39."),
    ("email", f"How was your delivery from {SHOP}?"),
    ("email", "Thank you for your answer"),
]
EMMY = [
    ("email", "Your delivery is planned DAY between 11:00 and 12:00"),
    ("email", "Your delivery comes tomorrow between 11:00 and 12:00"),
    ("email", "Your parcel is on its way, today between 11:00 and 12:00"),
    ("email", "Your parcel will be later than we said"),
    ("email", "Your parcel will be with you at about 14:55"),
    ("email", "We are sorry that your parcel was late"),
    ("email", f"How was your delivery from {SHOP}?"),
]


def plain(text: str) -> str:
    """A text without what differs from day to day: dates and links."""
    text = re.sub(r"on \w+day, \d+ \w+", "DAY", text)
    return re.sub(r"https?://\S+", "LINK", text).strip()


def shown(page: Page, *addresses: str | None) -> list[tuple[str, str]]:
    """What the mail page shows as sent to somebody, the oldest first: an SMS whole, of an e-mail its subject."""
    found = []
    for article in page.get_by_role("article").all():
        header = article.locator("header").inner_text()
        if not any(address and address in header for address in addresses):
            continue
        channel = article.get_attribute("data-channel") or ""
        said = article.locator(".bubble" if channel == "sms" else "h2").first.inner_text()
        found.append((channel, plain(said)))
    return found[::-1]


def called(stack: Deployed, path: str) -> Any:
    return stack.request("GET", path, headers={"authorization": f"Bearer {stack.facts['secret_key']}"}).json()


def test_the_story_of_two_deliveries_is_told_in_its_order_and_the_van_is_seen(page: Page, stack: Deployed) -> None:
    in_front: list[int] = []
    seen: list[str] = []

    def watch(step: Step) -> None:
        """Look at Ada's live page after each step of the van."""
        if step.track is None or not re.match(r"Stop|The van is|Ada has", step.title):
            return
        page.goto(step.track)
        text = page.get_by_role("main").inner_text()
        seen.append(text)
        found = re.search(r"(\d+) customers? (?:is|are) in front", text)
        if found:
            in_front.append(int(found.group(1)))

    client = Client(stack.facts["api"], stack.facts["secret_key"])
    golden = Golden(client, stack.facts["mail_api"], datetime.now(UTC), watch)
    golden.play()

    assert in_front == sorted(in_front, reverse=True) and len(set(in_front)) >= 4, in_front
    assert "in front" not in seen[-1], "gone at delivery"
    assert all(parcel not in text for text in seen for parcel in (golden.emmy, "stop-")), "no other stop is named"

    page.goto(stack.facts["mail_page"])
    assert shown(page, *golden.recipients["Ada"]) == ADA
    assert shown(page, *golden.recipients["Emmy"]) == EMMY
    alert = page.get_by_role("article").filter(has_text=COMMENT)
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text("owner@hearback.example")

    ada, emmy = (called(stack, f"/v1/deliveries/{parcel}") for parcel in (golden.ada, golden.emmy))
    assert [(promise["outcome"], promise["by_seconds"]) for promise in ada["promises"]] == [("kept", 0)]
    (late,) = emmy["promises"]
    assert (late["outcome"], late["by_seconds"] // 60) == ("late", 172)
    week = called(stack, "/v1/promises?region=demo&survey=delivery&by=carrier")
    assert (week["kept"], week["late"]) >= (1, 1)
    assert week["score"]["kept"]["response_count"] >= 1

    timeline = called(stack, f"/v1/people/{golden.recipients['Ada'][0]}/timeline?per_page=100")["entries"]
    kinds = [entry["message"]["kind"] for entry in timeline if entry["what"] == "message"]
    assert {"answer", "delivery", "message"} == {entry["what"] for entry in timeline}
    assert len(kinds) == len(set(kinds)) == 8
    assert all(entry["message"]["state"] == "sent" for entry in timeline if entry["what"] == "message")
    assert "customer.example" not in json.dumps(timeline)
