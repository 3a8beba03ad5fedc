"""Twenty visitors in a real browser: what their pages tell becomes a funnel and a score that are what they did."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from playwright.sync_api import Browser, Page, expect

from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.surveys import SurveyRepository
from tests.browser.site import KEY, SURVEY, Site
from tests.browser.widget import eventually, rate
from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.clock import VirtualClock
from tests.simulation.deployed import deployed

GOES = """Object.defineProperty(document, 'hidden', { value: true, configurable: true });
document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))"""
VISITS = ("leaves", "leaves", "dismisses", "answers", "answers", "changes their mind", "looks away twice")
SECRET = "sk_browser"
ASKS = SURVEY.model_copy(update={"funnel": True})


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(ASKS) as running:
        yield running


def answers(page: Page, site: Site, rating: int) -> None:
    before = len(site.queue.sent)
    rate(page, rating)
    eventually(page, lambda: len(site.queue.sent) == before + 1)


def comes(page: Page, site: Site, does: str, rating: int) -> None:
    """One visitor sees the survey in the shop, or behind everybody's link, does what they do, and goes."""
    expect(page.get_by_role("radio", name=str(rating), exact=True)).to_be_visible()
    given = {"answers": [rating], "changes their mind": [10 - rating, rating]}.get(does, [])
    for each in given:
        answers(page, site, each)
    if does == "dismisses":
        page.get_by_role("button", name="Close").click()
    told = len(site.told.sent)
    page.evaluate(GOES)
    if does == "looks away twice":
        page.evaluate(GOES)
    eventually(page, lambda: len(site.told.sent) == told + 1)


@pytest.mark.slow
def test_the_funnel_of_twenty_visitors_is_what_they_did(browser: Browser, site: Site) -> None:
    chance = random.Random(20)
    steps: Counter[tuple[str, str]] = Counter()
    ratings = []
    for number in range(20):
        channel, does, rating = ("widget", "link")[number % 4 == 3], chance.choice(VISITS), chance.randrange(11)
        does = "leaves" if channel == "link" and does != "looks away twice" else does
        page = browser.new_context().new_page()
        page.goto(f"{site.api}/s/checkout?key={KEY}" if channel == "link" else site.page("/shop", site.snippet()))
        comes(page, site, does, rating)
        page.context.close()
        said = does in ("answers", "changes their mind")
        taken = {"shown": True, "started": said, "dismissed": does == "dismisses", "answered": said}
        steps.update({(channel, step): 1 for step, is_so in taken.items() if is_so})
        ratings += [rating] if said else []

    # The browser's time is the real one, so that of the stack follows it.
    with deployed(InMemoryAws(seed=20, clock=VirtualClock(datetime.now(UTC)))) as stack:
        dynamodb = boto3.client("dynamodb")
        SurveyRepository(dynamodb, "SurveysTable").publish(ASKS)
        known = {"key_hash": key_hash(SECRET), "kind": KeyKind.SECRET, "name": "server", "survey_id": "checkout"}
        ApiKeyRepository(dynamodb, "SurveysTable").add(
            ApiKey.model_validate({**known, "created_at": stack.aws.clock.now()})
        )
        for kept, queue in ((site.queue, "ResponsesQueue"), (site.told, "FunnelQueue")):
            for sent in (*kept.sent, *kept.sent):  # each twice, as a queue may
                stack.aws.sqs.queue(queue).send(sent.message.model_dump_json(exclude_none=True))
        stack.worker.run_until_quiet()
        days = {"since": "2020-01-01", "until": "2100-01-01"}
        (place,) = stack.http("GET", "/v1/funnel", key=SECRET, query=days).json["touchpoints"]
        metrics = stack.http("GET", "/v1/metrics", key=SECRET, query=days).json
    assert {
        (each["channel"], step): each[step]
        for each in place["channels"]
        for step in ("invited", "delivered", "shown", "started", "dismissed", "answered")
        if each[step]
    } == dict(steps)
    assert {step for _, step in steps} == {"shown", "started", "dismissed", "answered"}
    assert metrics["response_count"] == len(ratings)
    assert metrics["ratings"] == {str(each): ratings.count(each) for each in range(11) if each in ratings}
